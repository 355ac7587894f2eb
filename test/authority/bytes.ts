import { createHash } from 'node:crypto'

/** A Buffer over memory that is not shared, as the Sigstore packages want it. */
export type Bytes = Buffer<ArrayBuffer>

export type Hash = 'sha256' | 'sha384' | 'sha512'

export function digest(hash: Hash | 'sha1', ...parts: Uint8Array[]): Bytes {
  const state = createHash(hash)
  for (const part of parts) state.update(part)
  return state.digest()
}

export function sha256(...parts: Uint8Array[]): Bytes {
  return digest('sha256', ...parts)
}

/** `sha256:<hex>` over the bytes, as OCI writes digests. */
export function ociDigest(bytes: Uint8Array): string {
  return `sha256:${sha256(bytes).toString('hex')}`
}

/** Text as UTF-8, bytes as they are. */
export function bytesOf(content: string | Uint8Array): Bytes {
  return typeof content === 'string' ? Buffer.from(content, 'utf8') : Buffer.from(content)
}

/** A copy with one byte changed: the last one, or the one at `at` (negative counts from the end). */
export function flip(bytes: Uint8Array, at = -1): Bytes {
  const copy = Buffer.from(bytes)
  const index = at < 0 ? copy.length + at : at
  copy.writeUInt8((copy.readUInt8(index) ^ 0x01) & 0xff, index)
  return copy
}

/** `flip` for a base64 text. */
export function flipBase64(text: string, at = -1): string {
  return flip(Buffer.from(text, 'base64'), at).toString('base64')
}

/** Big-endian unsigned integer of `width` bytes, as TLS structures have. */
export function uint(value: number | bigint, width: number): Bytes {
  return Buffer.from(
    BigInt(value)
      .toString(16)
      .padStart(width * 2, '0'),
    'hex',
  )
}

/** PEM with lines of 64 characters and a final newline, as Go writes it. */
export function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
