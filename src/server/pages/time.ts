import { formatTime } from '../../core/time.ts'
import { type Html, html } from '../../report/page/html.ts'

/** `2026-11-25 14:19 UTC`, how long ago in its title; without the zone where the head of a column says it. */
export function whenHtml(time: Date, now: number, zone: '' | ' UTC' = ' UTC'): Html {
  const text = formatTime(time.getTime())
  return html`<time datetime="${text}" title="${ago(now - time.getTime())}">${text.slice(0, 10)} ${text.slice(11, 16)}${zone}</time>`
}

/** `3 minutes ago`: the largest unit that fits. */
function ago(ms: number): string {
  const unit = units.find(([, size]) => ms >= size)
  if (unit === undefined) return 'just now'
  const count = Math.floor(ms / unit[1])
  return `${count} ${unit[0]}${count === 1 ? '' : 's'} ago`
}

const minute = 60_000
const units = [
  ['day', 24 * 60 * minute],
  ['hour', 60 * minute],
  ['minute', minute],
] as const

/** `850 ms`, `3.2 s`, `4 min`. */
export const took = (ms: number): string =>
  ms < 1000 ? `${ms} ms` : ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
