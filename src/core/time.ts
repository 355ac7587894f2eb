/** RFC 3339 UTC with milliseconds: `2026-11-25T13:00:00.000Z`. */
export type Time = string & { readonly __brand: 'Time' }

const pattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/** Milliseconds since 1970; undefined where the text is no RFC 3339 time. */
export function parseTime(text: string): number | undefined {
  const ms = pattern.test(text) ? Date.parse(text) : Number.NaN
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
