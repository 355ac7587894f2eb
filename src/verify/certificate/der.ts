/** The little of DER (X.690) that cutting a certificate needs: where each tag-length-value stands in the raw bytes. */
export type Tlv = { readonly tag: number; readonly start: number; readonly content: number; readonly end: number }

export function readTlv(bytes: Uint8Array, start: number): Tlv {
  const tag = bytes[start]
  const first = bytes[start + 1]
  if (tag === undefined || first === undefined) throw new RangeError('DER ends early')
  let length = first
  let content = start + 2
  if (first >= 0x80) {
    const count = first - 0x80
    if (count < 1 || count > 4) throw new RangeError('DER length')
    length = 0
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[content + i] ?? Number.NaN)
    content += count
  }
  const end = content + length
  if (!(end <= bytes.length)) throw new RangeError('DER ends early')
  return { tag, start, content, end }
}

export function childrenOf(bytes: Uint8Array, parent: Tlv): readonly Tlv[] {
  const children: Tlv[] = []
  for (let at = parent.content; at < parent.end; ) {
    const child = readTlv(bytes, at)
    if (child.end > parent.end) throw new RangeError('DER child leaves its parent')
    children.push(child)
    at = child.end
  }
  return children
}

/** tag || length || content */
export function writeTlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const size: number[] = []
  if (content.length < 0x80) size.push(content.length)
  else {
    for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256)
    size.unshift(0x80 + size.length)
  }
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
