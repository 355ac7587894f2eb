/** A moment: a Date or an RFC 3339 text. Nothing here reads the clock. */
export type Time = Date | string

/** The moment an authority stands at when none is given. */
export const defaultTime: Time = '2026-01-15T12:00:00Z'

export function date(time: Time): Date {
  const value = new Date(time)
  if (Number.isNaN(value.getTime())) throw new Error(`not a time: ${String(time)}`)
  return value
}

/** `time` plus (or minus) so many seconds. */
export function later(time: Time, seconds: number): Date {
  return new Date(date(time).getTime() + seconds * 1000)
}

/** RFC 3339 in UTC without fraction, as Go and protobuf print whole seconds. */
export function rfc3339(time: Time): string {
  return date(time)
    .toISOString()
    .replace(/\.000Z$/, 'Z')
}

/** Whole seconds since 1970, as Rekor's integratedTime. */
export function unixSeconds(time: Time): number {
  return Math.floor(date(time).getTime() / 1000)
}

export const day = 86_400
export const year = 365 * day
