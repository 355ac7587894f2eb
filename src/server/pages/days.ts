import type { VerdictOutcome } from '../../core/verdict.ts'
import { type Html, html } from '../../report/page/html.ts'
import type { Day } from '../../store/overview.ts'

const shown = 90
const dayMs = 24 * 60 * 60_000
const [wide, gap, high] = [9, 2, 84]
/** From the bottom up; each also has a pattern of its own on paper by its place. */
const order = ['trusted', 'inconclusive', 'rejected'] as const

export const firstDay = (now: number): Date => new Date((Math.floor(now / dayMs) - shown + 1) * dayMs)

/** Ninety days of verdicts, a bar a day. Drawn; the same figures stand in a table for whoever does not see it. */
export function daysChart(days: readonly Day[], now: number): Html {
  const from = firstDay(now).getTime()
  const dates = Array.from({ length: shown }, (_, i) => new Date(from + i * dayMs).toISOString().slice(0, 10))
  const count = (day: string, outcome: VerdictOutcome) =>
    days.find((one) => one.day === day && one.outcome === outcome)?.count ?? 0
  const total = (day: string) => order.reduce((sum, outcome) => sum + count(day, outcome), 0)
  const most = Math.max(1, ...dates.map(total))
  const bars = dates.map((day, i) => {
    let top = high
    return order.map((outcome) => {
      const size = count(day, outcome)
      if (size === 0) return undefined
      const height = Math.max(2.5, (size / most) * (high - 4))
      top -= height
      return html`<rect class="${outcome}" x="${i * (wide + gap)}" y="${top.toFixed(1)}" width="${wide}" height="${(height - 0.8).toFixed(1)}" rx="1.500"><title>${`${day}: ${size} ${outcome}`}</title></rect>`
    })
  })
  const width = shown * (wide + gap)
  const busy = dates.filter((day) => total(day) > 0)
  return html`<figure class="days"><svg viewBox="0 0 ${width} ${high + 1}" preserveAspectRatio="none" aria-hidden="true"><path d="M0 ${high + 0.5}h${width}" class="ground"/>${bars}</svg>
<figcaption><span>${dates[0]}</span><span>${dates.at(-1)}</span></figcaption>
<table class="hidden"><caption>Verdicts a day</caption><thead><tr><th scope="col">Day</th>${order.map((outcome) => html`<th scope="col">${outcome}</th>`)}</tr></thead><tbody>${busy.map((day) => html`<tr><th scope="row">${day}</th>${order.map((outcome) => html`<td>${count(day, outcome)}</td>`)}</tr>`)}</tbody></table></figure>`
}
