import { type Drawn, mark } from '../../report/page/drawing.ts'
import { type Html, html } from '../../report/page/html.ts'
import type { RequestRow } from '../../store/request-row.ts'
import type { RequestState } from '../../store/tables.ts'

export type Status = { readonly drawn: Drawn; readonly word: string }

/** What a request has come to, as a mark and a word. */
export function statusOf({ state, outcome }: Pick<RequestRow, 'state' | 'outcome'>): Status {
  if (state !== 'done') return states[state]
  return outcome === null ? { drawn: 'unknown', word: 'refused' } : outcomes[outcome]
}

const states: Readonly<Record<Exclude<RequestState, 'done'>, Status>> = {
  queued: { drawn: 'waiting', word: 'waiting' },
  running: { drawn: 'running', word: 'running' },
  parked: { drawn: 'parked', word: 'parked' },
  cancelled: { drawn: 'cancelled', word: 'cancelled' },
}
export const outcomes = {
  trusted: { drawn: 'pass', word: 'trusted' },
  rejected: { drawn: 'fail', word: 'rejected' },
  inconclusive: { drawn: 'unknown', word: 'inconclusive' },
} as const

/** The mark, then the word: no colour is needed to read it. */
export const statusHtml = ({ drawn, word }: Status): Html =>
  html`<span class="status ${drawn}"><span aria-hidden="true">${mark(drawn, true)}</span> ${word}</span>`
