/** Tar files block by block, so that a test may write what no honest tool would. */
import { gzipSync } from 'node:zlib'

export type TarEntry = {
  readonly name: string
  readonly content?: string | Uint8Array
  /** Type flag: `0` file (default), `1` link, `2` symbolic link, `3` `4` devices, `5` folder, `6` pipe, `x` pax, `L` long name. */
  readonly type?: string
  readonly link?: string
  /** What the header says, whatever follows. */
  readonly size?: number
  /** What a pax header before it says, such as `path` or `size`. */
  readonly pax?: Readonly<Record<string, string>>
}

const block = 512
const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`

function header({ name, type = '0', link = '' }: TarEntry, size: number): Buffer {
  const bytes = Buffer.alloc(block)
  const put = (text: string, at: number, width: number) => bytes.write(text.slice(0, width), at, 'utf8')
  put(name, 0, 100)
  put(octal(0o644, 8), 100, 8)
  put(octal(0, 8), 108, 8)
  put(octal(0, 8), 116, 8)
  put(octal(size, 12), 124, 12)
  put(octal(0, 12), 136, 12)
  put(' '.repeat(8), 148, 8)
  put(type, 156, 1)
  put(link, 157, 100)
  put('ustar\0', 257, 6)
  put('00', 263, 2)
  put(
    `${octal(
      bytes.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
    8,
  )
  return bytes
}

const padded = (content: Uint8Array): Buffer =>
  Buffer.concat([content, Buffer.alloc((block - (content.length % block)) % block)])

/** `27 path=x\n`: the number counts itself. */
function paxLine(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length++
  return `${length}${rest}`
}

function entryBytes(entry: TarEntry): Buffer {
  const content = Buffer.from(entry.content ?? '')
  const own = [header(entry, entry.size ?? content.length), padded(content)]
  if (entry.pax === undefined) return Buffer.concat(own)
  const lines = Buffer.from(
    Object.entries(entry.pax)
      .map(([key, value]) => paxLine(key, value))
      .join(''),
  )
  return Buffer.concat([header({ name: 'pax', type: 'x' }, lines.length), padded(lines), ...own])
}

export const tar = (entries: readonly TarEntry[]): Buffer =>
  Buffer.concat([...entries.map(entryBytes), Buffer.alloc(2 * block)])

export const tarGz = (entries: readonly TarEntry[]): Buffer => gzipSync(tar(entries))
