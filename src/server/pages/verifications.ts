import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import type { Service } from '../../jobs/service.ts'
import { type Html, html } from '../../report/page/html.ts'
import { policiesAsked } from '../../store/overview.ts'
import { hasEnded, type RequestRow } from '../../store/request-row.ts'
import { type Filter, keyOf } from '../../store/requests.ts'
import { pageToken, readPageToken } from '../api/page-token.ts'
import { askBy, choose } from './ask.ts'
import { formOf } from './form.ts'
import { homePage, readHome } from './home.ts'
import { layout } from './layout.ts'
import { withQuery } from './links.ts'
import { seeOther, sendPage } from './reply.ts'
import { statusHtml, statusOf } from './status.ts'
import { took, whenHtml } from './time.ts'

const pageSize = 50
const policiesShown = 100

/** An empty field of a form says nothing. */
const blank = z.literal('').transform(() => undefined)
const query = z.object({
  state: z.union([blank, z.enum(['queued', 'running', 'done', 'parked', 'cancelled'])]).optional(),
  outcome: z.union([blank, z.enum(['trusted', 'rejected', 'inconclusive'])]).optional(),
  subject: z.union([blank, z.string().max(1024)]).optional(),
  policy: z.union([blank, z.string().max(256)]).optional(),
  page_token: z.union([blank, z.string().max(512)]).optional(),
})

export type Listed = {
  readonly filter: Filter
  readonly rows: readonly RequestRow[]
  readonly next: string | undefined
  readonly isFirst: boolean
  readonly policies: readonly string[]
  readonly isEmpty: boolean
  readonly now: number
}

/** `/verifications`: what was asked, newest first; filters stand in the address, so that a list can be sent to somebody. */
export function verifications(app: FastifyInstance, service: Service): void {
  const { requests, database } = service
  app.get('/verifications', { config: { permission: 'verifications:read' } }, async (request, reply) => {
    const asked = query.safeParse(request.query)
    if (!asked.success)
      throw new Fault('request.malformed', {
        parameters: { found: asked.error.issues.map(({ path }) => path.join('.')).join(', ') },
      })
    const { page_token: token, ...fields } = asked.data
    const filter = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Filter
    const list = { ...filter, order: 'desc' }
    const after = readPageToken(token, list)
    const rows = await requests.list(filter, pageSize + 1, after)
    const last = rows.length > pageSize ? rows[pageSize - 1] : undefined
    const isEmpty = rows.length === 0 && (await requests.list({}, 1)).length === 0
    const listed: Listed = {
      filter,
      rows: rows.slice(0, pageSize),
      next: last === undefined ? undefined : pageToken(keyOf(last), list),
      isFirst: after === undefined,
      policies: await policiesAsked(database, policiesShown),
      isEmpty,
      now: Date.now(),
    }
    return sendPage(reply, listPage(listed))
  })

  app.post('/verifications', { config: { permission: 'verifications:write' } }, async (request, reply) => {
    const asked = await askBy(formOf(request.body), service, request.principal?.id ?? null)
    if ('id' in asked) return seeOther(reply, `/verifications/${asked.id}`)
    return sendPage(reply, homePage(await readHome(service, asked.typed)), 422)
  })
}

export function listPage(listed: Listed): string {
  const { filter, rows, next, isFirst, isEmpty, now } = listed
  const isLive = isFirst && rows.some((row) => !hasEnded(row))
  const here = withQuery('/verifications', filter)
  const body = isEmpty ? nothingYet : rows.length === 0 ? nothingFound : table(rows, now)
  const list = isLive
    ? html`<div id="rows" hx-get="${here}" hx-trigger="every 2s" hx-select="#rows" hx-swap="outerHTML">${body}</div>`
    : html`<div id="rows">${body}</div>`
  const main = html`<div class="head"><h1>Verifications</h1>${isEmpty ? undefined : exports(filter)}</div>
${isEmpty ? undefined : filters(listed)}
${list}
${pager(filter, next, isFirst)}`
  return layout({ title: titleOf(filter), here: '/verifications', ...(isLive && { again: 5 }) }, main)
}

const titleOf = ({ outcome, state, subject }: Filter): string => {
  const words = [outcome, state, subject].filter((word) => word !== undefined)
  return words.length === 0 ? 'Verifications' : `Verifications: ${words.join(', ')}`
}

const stateChoices = [
  { value: '', label: 'Any state' },
  { value: 'queued', label: 'Waiting' },
  { value: 'running', label: 'Running' },
  { value: 'done', label: 'Done' },
  { value: 'parked', label: 'Parked' },
  { value: 'cancelled', label: 'Cancelled' },
]
const outcomeChoices = [
  { value: '', label: 'Any outcome' },
  { value: 'trusted', label: 'Trusted' },
  { value: 'rejected', label: 'Rejected' },
  { value: 'inconclusive', label: 'Inconclusive' },
]

function filters({ filter, policies }: Listed): Html {
  const { subject = '', state = '', outcome = '', policy = '' } = filter
  const names = policy === '' || policies.includes(policy) ? policies : [policy, ...policies]
  const policyChoices = [{ value: '', label: 'Any policy' }, ...names.map((name) => ({ value: name, label: name }))]
  const isSet = Object.keys(filter).length > 0
  return html`<form class="filters" method="get" action="/verifications" role="search" aria-label="Filter">
<div class="wide"><label for="subject">Subject contains</label><input type="search" id="subject" name="subject" value="${subject}" maxlength="1024" autocapitalize="none" spellcheck="false"></div>
<div><label for="outcome">Outcome</label>${choose('outcome', outcome, outcomeChoices)}</div>
<div><label for="state">State</label>${choose('state', state, stateChoices)}</div>
<div><label for="policy">Policy</label>${choose('policy', policy, policyChoices)}</div>
<div class="go"><button>Filter</button>${isSet ? html` <a href="/verifications">Show all</a>` : undefined}</div>
</form>`
}

const exports = (filter: Filter): Html =>
  html`<p class="exports">This as <a href="${withQuery('/api/v1/verifications', { ...filter, format: 'csv' })}" download>CSV</a> <a href="${withQuery('/api/v1/verifications', { ...filter, format: 'jsonl' })}" download>JSON lines</a></p>`

const table = (rows: readonly RequestRow[], now: number): Html =>
  html`<table class="list"><thead><tr><th scope="col">Verdict</th><th scope="col">Subject</th><th scope="col">Policy</th><th scope="col">Asked, UTC</th><th scope="col">Took</th></tr></thead><tbody>${rows.map((row) => rowHtml(row, now))}</tbody></table>`

function rowHtml(row: RequestRow, now: number): Html {
  const { id, subject, policy, createdAt, doneAt, progress } = row
  const so = statusOf(row)
  const last =
    doneAt !== null
      ? took(Math.max(0, doneAt.getTime() - createdAt.getTime()))
      : progress === null
        ? ''
        : `${progress.done} ${progress.unit}`
  return html`<tr><td>${statusHtml(so)}</td><th scope="row"><a class="mono" href="/verifications/${id}">${subject}</a></th><td data-label="Policy">${policy}</td><td data-label="Asked, UTC">${whenHtml(createdAt, now, '')}</td><td data-label="Took">${last}</td></tr>`
}

const nothingYet = html`<div class="empty"><h2>Nothing was asked yet</h2><p>Paste an image reference on the <a href="/">first page</a>, post one to <code>/api/v1/verifications</code>, or <a href="/demo">load the demonstration</a>.</p></div>`
const nothingFound = html`<div class="empty"><h2>Nothing matches</h2><p>Ask for less, or <a href="/verifications">show all</a>.</p></div>`

function pager(filter: Filter, next: string | undefined, isFirst: boolean): Html | undefined {
  if (next === undefined && isFirst) return undefined
  return html`<nav class="pager" aria-label="Pages">${isFirst ? undefined : html`<a class="button" href="${withQuery('/verifications', filter)}">Newest</a>`}${next === undefined ? undefined : html`<a class="button" rel="next" href="${withQuery('/verifications', { ...filter, page_token: next })}">Older</a>`}</nav>`
}
