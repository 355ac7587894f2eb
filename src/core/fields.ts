import { z } from 'zod'
import { decodeBase64 } from './base64.ts'
import { parseTime } from './time.ts'

/** Fields that several documents share, for zod schemas at the door. */
const converted = <T>(convert: (text: string) => T | undefined, message: string) =>
  z.string().transform((text, context): T => {
    const value = convert(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

/** Strict base64 to bytes (L11). */
export const base64Field = converted(decodeBase64, 'strict base64')
/** RFC 3339 to milliseconds. */
export const timeField = converted(parseTime, 'RFC 3339 time')
export { converted }
