import { randomBytes } from 'node:crypto'

/** The last id's time and its twelve bits after the version, which count on within one millisecond (RFC 9562 section 6.2). */
let last = { now: 0, count: 0 }

/** A UUID of version 7 (RFC 9562 section 5.7): sorts by the time it was made, and those of one process as they were made. */
export function newId(now: number = Date.now()): string {
  const bytes = randomBytes(16)
  const count = last.now === now && last.count < 0xfff ? last.count + 1 : bytes.readUInt16BE(6) & 0x7ff
  last = { now, count }
  bytes.writeUIntBE(now, 0, 6)
  bytes.writeUInt16BE(0x7000 | count, 6)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

export const isId = (text: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text)
