import { parseOnce } from './json.ts'

/**
 * The documents of a file: the whole of it where that is one, else its lines (JSON lines). Each is read, hashed and named by
 * exactly these bytes, by whoever splits the file. Of many lines the first `most` are taken.
 */
export function documentsIn(bytes: Uint8Array, maxDepth: number, most: number): readonly Uint8Array[] {
  if (!('problem' in parseOnce(bytes, maxDepth))) return [bytes]
  const lines: Uint8Array[] = []
  for (let start = 0; start < bytes.length && lines.length < most; ) {
    const newline = bytes.indexOf(0x0a, start)
    const end = newline < 0 ? bytes.length : newline
    const line = bytes.subarray(start, end)
    if (line.some((byte) => byte > 0x20)) lines.push(line)
    start = end + 1
  }
  return lines.length < 2 ? [bytes] : lines
}
