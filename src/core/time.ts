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
