import type { FastifyInstance } from 'fastify'
import type { Service } from '../../jobs/service.ts'
import { brief } from '../../report/model/brief.ts'
import { verdictView } from '../../report/model/verdict-view.ts'
import { mark } from '../../report/page/drawing.ts'
import { type Html, html } from '../../report/page/html.ts'
import { sentenceHtml } from '../../report/page/words.ts'
import { type Day, needsAttention, outcomesByDay } from '../../store/overview.ts'
import type { RequestRow } from '../../store/request-row.ts'
import type { Requests } from '../../store/requests.ts'
import { resultOf } from './answer.ts'
import { askForm, type Choices, choicesOf, nothingTyped, type Typed } from './ask.ts'
import { daysChart, firstDay } from './days.ts'
import { layout } from './layout.ts'
import { withQuery } from './links.ts'
import { sendPage } from './reply.ts'
import { statusOf } from './status.ts'
import { whenHtml } from './time.ts'

const mostShown = 6

export type Home = {
  readonly attention: readonly { readonly row: RequestRow; readonly reason: string }[]
  readonly counts: Counts
  readonly days: readonly Day[]
  readonly choices: Choices
  readonly typed: Typed
  readonly now: number
}
type Counts = Awaited<ReturnType<Requests['counts']>>

export function home(app: FastifyInstance, service: Service): void {
  app.get('/', { config: { permission: 'verifications:read' } }, async (_request, reply) =>
    sendPage(reply, homePage(await readHome(service, nothingTyped))),
  )
}

export async function readHome(service: Service, typed: Typed): Promise<Home> {
  const { database, requests } = service
  const now = Date.now()
  const rows = await needsAttention(database, mostShown + 1)
  const attention = await Promise.all(rows.map(async (row) => ({ row, reason: await reasonOf(row, requests) })))
  return {
    attention,
    counts: await requests.counts(),
    days: await outcomesByDay(database, firstDay(now)),
    choices: await choicesOf(service),
    typed,
    now,
  }
}

/** Why it is there, in one sentence. */
async function reasonOf(row: RequestRow, requests: Requests): Promise<string> {
  if (row.error !== null) return row.error.title
  const result = row.outcome === null ? undefined : await requests.result(row.id)
  if (result === undefined) return ''
  const view = verdictView(resultOf(result).answer)
  const worst = view.subjects.find(({ outcome }) => outcome === view.outcome)
  return brief(worst?.sentence ?? '', worst?.reason)
}

export function homePage({ attention, counts, days, choices, typed, now }: Home): string {
  const all = counts.reduce((sum, { count }) => sum + count, 0)
  const ask = html`<section class="card" aria-labelledby="ask"><h2 id="ask">Verify an image</h2>${askForm(typed, choices)}</section>`
  const main =
    all === 0
      ? html`<h1>Nothing verified yet</h1><p class="lead">Paste the reference of an image: its signatures, attestations and identities are fetched and judged, and everything that the verdict stands on is kept.</p>
${ask}${demoOffer}`
      : html`${typed.problem === undefined ? undefined : ask}<h1>${headline(attention.length)}</h1>
${attention.length === 0 ? html`<p class="lead">The newest verdict about everything that was asked is “trusted”, or still to come.</p>` : attentionList(attention.slice(0, mostShown), now)}
${attention.length > mostShown ? html`<p class="more"><a href="/verifications?outcome=rejected">All that were rejected</a>, <a href="/verifications?outcome=inconclusive">all that are inconclusive</a></p>` : undefined}
${numbers(counts)}
${days.length === 0 ? undefined : html`<section aria-labelledby="days"><h2 id="days" class="section">Ninety days</h2>${daysChart(days, now)}</section>`}
${typed.problem === undefined ? ask : undefined}`
  return layout({ title: 'meshproof', here: '/' }, main)
}

const headline = (count: number): string =>
  count === 0
    ? 'Nothing needs attention'
    : count > mostShown
      ? `More than ${mostShown} need attention`
      : `${count} ${count === 1 ? 'needs' : 'need'} attention`

const attentionList = (attention: Home['attention'], now: number): Html =>
  html`<ol class="contents">${attention.map(({ row, reason }) => {
    const { drawn, word } = statusOf(row)
    return html`<li><a class="${drawn}" href="/verifications/${row.id}">${mark(drawn)}<strong><span class="mono">${row.subject}</span> <span class="soft">${word}</span></strong><span class="soft">${sentenceHtml(reason)} <span class="when">${whenHtml(row.doneAt ?? row.createdAt, now)}</span></span></a></li>`
  })}</ol>`

/** Every number leads to what it counts. */
function numbers(counts: Counts): Html {
  const tiles = numbered.map(([key, value, drawn, word = value]) => {
    const count = counts.filter((one) => one[key] === value).reduce((sum, one) => sum + one.count, 0)
    return html`<li><a class="${drawn}${count === 0 ? ' none' : ''}" href="${withQuery('/verifications', { [key]: value })}"><span aria-hidden="true">${mark(drawn, true)}</span><strong>${count}</strong> <span>${word}</span></a></li>`
  })
  return html`<section aria-labelledby="numbers"><h2 id="numbers" class="section">All verifications</h2><ul class="tiles">${tiles}</ul></section>`
}

const numbered: readonly (readonly ['outcome' | 'state', string, Parameters<typeof mark>[0], string?])[] = [
  ['outcome', 'trusted', 'pass'],
  ['outcome', 'rejected', 'fail'],
  ['outcome', 'inconclusive', 'unknown'],
  ['state', 'parked', 'parked'],
  ['state', 'running', 'running'],
  ['state', 'queued', 'waiting', 'waiting'],
]

const demoOffer = html`<section class="card" aria-labelledby="demo"><h2 id="demo">Or look at a demonstration first</h2>
<p class="lead">Four images of a small release, one good and three attacked, with all their evidence. No network is needed.</p>
<form method="post" action="/demo"><button>Load the demonstration</button></form></section>`
