/** RFC 3339 UTC with milliseconds: `2026-11-25T13:00:00.000Z`. */
export type Time = string & { readonly __brand: 'Time' }

const pattern =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** Milliseconds since 1970; undefined where the text is no RFC 3339 time (30 February is none, though `Date` takes it). */
export function parseTime(text: string): number | undefined {
  const [, year, month, day] = pattern.exec(text) ?? []
  if (day === undefined || Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate())
    return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}

export const formatTime = (ms: number): Time => new Date(ms).toISOString() as Time

export const minute = 60_000

/** Milliseconds of `P7D`, `PT1H30M`, `P1DT12H` (ISO 8601, days, hours, minutes). */
export function parseDuration(text: string): number | undefined {
  const found = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(text)
  if (found === null) return undefined
  const [, days = '0', hours = '0', minutes = '0'] = found
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * minute
}
