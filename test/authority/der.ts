/** A small DER writer (ITU-T X.690): just what certificates, SCTs and timestamps need. */
import type { Bytes } from './bytes.ts'
import { date, type Time } from './time.ts'

export function tlv(tag: number, ...parts: Uint8Array[]): Bytes {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag]), length(content.length), content])
}

function length(size: number): Bytes {
  if (size < 0x80) return Buffer.from([size])
  const hex = size.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes])
}

export const sequence = (...parts: Uint8Array[]): Bytes => tlv(0x30, ...parts)

/** SET OF: members in the order that DER wants. */
export const setOf = (...parts: Uint8Array[]): Bytes => tlv(0x31, ...[...parts].sort(Buffer.compare))

export const octets = (...parts: Uint8Array[]): Bytes => tlv(0x04, ...parts)
export const bits = (bytes: Uint8Array, unused = 0): Bytes => tlv(0x03, Buffer.from([unused]), bytes)
export const bool = (value: boolean): Bytes => tlv(0x01, Buffer.from([value ? 0xff : 0]))
export const nothing = (): Bytes => tlv(0x05)
export const utf8 = (text: string): Bytes => tlv(0x0c, Buffer.from(text, 'utf8'))

/** A non-negative INTEGER from a number or from big-endian bytes. */
export function integer(value: number | bigint | Uint8Array): Bytes {
  let bytes: Bytes
  if (typeof value === 'number' || typeof value === 'bigint') {
    const hex = value.toString(16)
    bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  } else {
    bytes = Buffer.from(value)
  }
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1
  const trimmed = bytes.subarray(start)
  return tlv(0x02, ((trimmed[0] ?? 0) & 0x80) === 0 ? Buffer.alloc(0) : Buffer.from([0]), trimmed)
}

export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left % 128) | 0x80)
    bytes.push(...groups)
  }
  return tlv(0x06, Buffer.from(bytes))
}

/** Context tag around whole elements. */
export const explicit = (number: number, ...parts: Uint8Array[]): Bytes => tlv(0xa0 | number, ...parts)

/** Context tag in place of a primitive's own. */
export const implicit = (number: number, content: Uint8Array): Bytes => tlv(0x80 | number, content)

/** GeneralizedTime in whole seconds, or with milliseconds where the time has them. */
export function generalizedTime(time: Time): Bytes {
  const [whole = '', fraction = ''] = date(time)
    .toISOString()
    .replace(/[-:TZ]/g, '')
    .split('.')
  const digits = fraction.replace(/0+$/, '')
  return tlv(0x18, Buffer.from(`${whole}${digits === '' ? '' : `.${digits}`}Z`, 'ascii'))
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280, 4.1.2.5); fractions are cut. */
export function time(value: Time): Bytes {
  const whole = new Date(Math.floor(date(value).getTime() / 1000) * 1000)
  const text = whole.toISOString().replace(/[-:T]/g, '').replace('.000Z', 'Z')
  return whole.getUTCFullYear() < 2050
    ? tlv(0x17, Buffer.from(text.slice(2), 'ascii'))
    : tlv(0x18, Buffer.from(text, 'ascii'))
}

/** The elements inside one constructed element: whole element and content of each. */
export function children(element: Uint8Array): { element: Buffer; content: Buffer; tag: number }[] {
  const found = []
  let rest = header(Buffer.from(element)).content
  while (rest.length > 0) {
    const { tag, content, end } = header(rest)
    found.push({ tag, content, element: rest.subarray(0, end) })
    rest = rest.subarray(end)
  }
  return found
}

function header(bytes: Buffer): { tag: number; content: Buffer; end: number } {
  const tag = bytes.readUInt8(0)
  const first = bytes.readUInt8(1)
  const width = first < 0x80 ? 0 : first & 0x7f
  const size = width === 0 ? first : bytes.readUIntBE(2, width)
  const start = 2 + width
  return { tag, content: bytes.subarray(start, start + size), end: start + size }
}
