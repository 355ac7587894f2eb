import { type State, stateWords } from '../model/finding-view.ts'
import { type Html, html, raw } from './html.ts'

/** What the drawing is made of. Every mark has a shape of its own and words, so that no colour is needed to read it. */
export type Drawn = State | 'claimed' | 'unreached' | 'waiting' | 'running' | 'parked' | 'cancelled'

export const drawnWords: Readonly<Record<Drawn, string>> = {
  ...stateWords,
  claimed: 'only claimed',
  unreached: 'not reached',
  waiting: 'waiting',
  running: 'running',
  parked: 'parked',
  cancelled: 'cancelled',
}

const shapes: Readonly<Record<Drawn, string>> = {
  pass: '<circle cx="14" cy="14" r="12" fill="currentColor"/><path d="M8.5 14.4l3.7 3.7 7.4-8" class="cut"/>',
  fail: '<path d="M9 2h10l7 7v10l-7 7H9l-7-7V9z" fill="currentColor"/><path d="M9.7 9.7l8.6 8.6m0-8.6l-8.6 8.6" class="cut"/>',
  unknown:
    '<path d="M14 1.5L26.5 14 14 26.5 1.5 14z" fill="currentColor"/><path d="M11 11.4c.2-3.7 6-3.6 6-.2 0 2.2-3 2.4-3 4.8" class="cut"/><circle cx="14" cy="19.4" r="1.4" class="dot"/>',
  'not-applicable':
    '<circle cx="14" cy="14" r="11.2" fill="none" stroke="currentColor" stroke-width="1.8"/><path d="M9 14h10" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"/>',
  note: '<circle cx="14" cy="14" r="4" fill="currentColor"/>',
  claimed:
    '<circle cx="14" cy="14" r="11.2" fill="none" stroke="currentColor" stroke-width="1.8" stroke-dasharray="3.5 3"/><path d="M9 15c1.6-3 3.4-3 5-1s3.4 2 5-1" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>',
  unreached:
    '<circle cx="14" cy="14" r="11.2" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="1.5 3.4" stroke-linecap="round"/>',
  waiting:
    '<circle cx="14" cy="14" r="11.2" fill="none" stroke="currentColor" stroke-width="1.8"/><path d="M14 8v6.400l4 2.600" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/>',
  running:
    '<circle cx="14" cy="14" r="11.2" fill="none" stroke="currentColor" stroke-width="2.4" opacity=".28"/><path class="turns" d="M14 2.800a11.200 11.200 0 0 1 11.200 11.200" fill="none" stroke="currentColor" stroke-width="2.8" stroke-linecap="round"/>',
  parked:
    '<rect x="2" y="2" width="24" height="24" rx="6" fill="currentColor"/><path d="M10.500 9v10M17.500 9v10" class="cut"/>',
  cancelled:
    '<circle cx="14" cy="14" r="11.2" fill="none" stroke="currentColor" stroke-width="1.8"/><path d="M10.500 10.500l7 7m0-7l-7 7" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>',
}

export const mark = (state: Drawn, small = false): Html =>
  html`<span class="mark ${state}${small ? ' small' : ''}" role="img" aria-label="${drawnWords[state]}"><svg viewBox="0 0 28 28" aria-hidden="true">${raw(shapes[state])}</svg></span>`

/** The seal beside a verdict. */
export const seal = (state: 'pass' | 'fail' | 'unknown'): Html =>
  html`<svg class="seal" viewBox="0 0 28 28" aria-hidden="true">${raw(shapes[state])}</svg>`

/** Patterns that the rails refer to; once a page. A link seen from the front, then one from the side. */
const pattern = (id: string, tone: string) =>
  `<pattern id="${id}" width="20" height="32" patternUnits="userSpaceOnUse"><g fill="none" stroke="var(${tone})" stroke-width="2.6" stroke-linecap="round"><rect x="4.5" y="2.5" width="11" height="18" rx="5.5"/><path d="M10 16v13"/><path d="M10 0v7"/></g></pattern>`
export const patterns: Html = raw(
  `<svg class="hidden" width="0" height="0" aria-hidden="true"><defs>${pattern('whole', '--pass')}${pattern('open', '--soft')}<pattern id="dots" width="20" height="9" patternUnits="userSpaceOnUse"><circle cx="10" cy="4.5" r="1.5" fill="var(--soft)"/></pattern></defs></svg>`,
)

/** What joins a step to the next one: a chain, a broken link before what failed, dots to what was never reached. */
export function rail(next: Drawn | undefined, isBroken = false): Html {
  if (next === undefined) return html``
  if (next === 'fail' || next === 'unknown')
    return html`<svg class="links" aria-hidden="true"><rect width="20" height="100%" fill="${isBroken ? 'url(#open)' : 'url(#whole)'}"/></svg>${broken(next)}`
  const fill =
    next === 'unreached'
      ? 'url(#dots)'
      : !isBroken && (next === 'pass' || next === 'claimed')
        ? 'url(#whole)'
        : 'url(#open)'
  return html`<svg class="links" aria-hidden="true"><rect width="20" height="100%" fill="${fill}"/></svg>`
}

const broken = (state: 'fail' | 'unknown'): Html =>
  raw(
    `<svg class="broken ${state}" viewBox="0 0 44 58" aria-hidden="true"><g fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round"><path d="M22 0v6"/><path d="M16.5 22V9.500a5.500 5.500 0 0 1 11 0V19" transform="rotate(-7 22 8)"/><path d="M27.500 36v12.500a5.500 5.500 0 0 1-11 0V39" transform="rotate(9 22 50)"/><path d="M22 53v5"/><path d="M9 27l5 2M35 31l-5-2M12 20l3.500 3.500M32 38l-3.500-3.500" stroke-width="2"/></g></svg>`,
  )
