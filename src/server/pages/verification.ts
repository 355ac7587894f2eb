import type { FastifyInstance } from 'fastify'
import { type Digest, isDigest } from '../../core/digest.ts'
import { Fault } from '../../core/fault.ts'
import { fromPack } from '../../jobs/load-pack.ts'
import type { Service } from '../../jobs/service.ts'
import { type VerdictView, verdictView } from '../../report/model/verdict-view.ts'
import { mark } from '../../report/page/drawing.ts'
import { type Html, html } from '../../report/page/html.ts'
import { verdictHtml } from '../../report/page/verdict.ts'
import { digestHtml } from '../../report/page/words.ts'
import { type Answered, answersFor, otherVerdicts } from '../../store/artifacts.ts'
import { isId } from '../../store/id.ts'
import { hasEnded, type RequestRow } from '../../store/request-row.ts'
import { type Result, resultOf } from './answer.ts'
import { answersTable } from './answers-table.ts'
import { comparePath } from './artifact.ts'
import { askFor, type Choices, choicesOf, choose, namedBy } from './ask.ts'
import { type Form, formOf } from './form.ts'
import { nothingOtherwise, type Otherwise, otherwiseForm } from './judge-again.ts'
import { layout } from './layout.ts'
import { links } from './links.ts'
import { problemHtml } from './problem.ts'
import { seeOther, sendPage } from './reply.ts'
import { outcomes, statusHtml, statusOf } from './status.ts'
import { took, whenHtml } from './time.ts'

const answersShown = 2000

export type Verification = {
  readonly row: RequestRow
  readonly result: Result | undefined
  readonly answers: readonly Answered[]
  /** Another verdict of a subject, to lay this one beside. */
  readonly others: ReadonlyMap<string, Digest>
  readonly choices: Choices
  /** What was typed to judge it otherwise, and what was wrong with it. */
  readonly otherwise: Otherwise
  readonly now: number
}
type Params = { Params: { id: string } }

/** `/verifications/{id}`: watch it run, then read its verdict. */
export function verification(app: FastifyInstance, service: Service): void {
  const { requests } = service
  const found = async (id: string): Promise<RequestRow> => {
    const row = isId(id) ? await requests.find(id) : undefined
    if (row === undefined) throw new Fault('request.unknown', { status: 404, parameters: { found: id } })
    return row
  }
  const read = { config: { permission: 'verifications:read' } } as const
  const write = { config: { permission: 'verifications:write' } } as const

  app.get<Params>('/verifications/:id', read, async (request, reply) => {
    const row = await found(request.params.id)
    return sendPage(reply, verificationPage(await readVerification(service, row)))
  })

  app.post<Params>('/verifications/:id/cancel', write, async (request, reply) => {
    const { id } = await found(request.params.id)
    await requests.cancel(id, request.principal?.id ?? null)
    return seeOther(reply, `/verifications/${id}`)
  })

  app.post<Params>('/verifications/:id/retry', write, async (request, reply) => {
    const { id, attempt } = await found(request.params.id)
    if (await requests.retry(id, request.principal?.id ?? null)) await service.enqueue(id, attempt)
    return seeOther(reply, `/verifications/${id}`)
  })

  app.post<Params>('/verifications/:id/again', write, async (request, reply) => {
    const { id } = await found(request.params.id)
    const spec = await requests.spec(id)
    if (spec === undefined) throw new Fault('request.unknown', { status: 404, parameters: { found: id } })
    const body = withPolicy(JSON.parse(Buffer.from(spec).toString()) as Spec, formOf(request.body))
    const next = await askFor(body, service, { principal: request.principal?.id ?? null, fresh: true })
    return seeOther(reply, `/verifications/${next}`)
  })
}

/** Everything that the page of a request shows. */
export async function readVerification(
  service: Service,
  row: RequestRow,
  otherwise: Otherwise = nothingOtherwise,
): Promise<Verification> {
  const { requests, database } = service
  const bytes = await requests.result(row.id)
  const result = bytes === undefined ? undefined : resultOf(bytes)
  const own = result?.answer.subjects.map(({ subject, verdictId }) => ({
    subject: typeof subject === 'string' ? subject : subject.unresolved,
    verdict: verdictId,
  }))
  return {
    row,
    result,
    others: await otherVerdicts(database, own ?? []),
    answers: bytes === undefined ? [] : await answersFor(database, row.id, answersShown),
    choices: await choicesOf(service),
    otherwise,
    now: Date.now(),
  }
}

type Spec = { readonly [key: string]: unknown }

/** The same request, of now and of the network; under another policy where one was chosen. */
function withPolicy({ at: _, ...spec }: Spec, form: Form): Spec {
  const policy = form.get('policy') ?? ''
  return policy === '' ? spec : { ...spec, policy: namedBy(policy) }
}

export function verificationPage(verification: Verification): string {
  const { row, result, now } = verification
  const so = statusOf(row)
  const isLive = !hasEnded(row)
  const body =
    result === undefined ? stateHtml(row) : judgedHtml(verdictView(result.answer), verification, isPacked(row))
  const head = html`<p class="crumbs"><a href="/verifications">Verifications</a></p>
<div class="head"><h1 class="small">Asked ${whenHtml(row.createdAt, now)}${row.doneAt === null ? undefined : html`, took ${took(Math.max(0, row.doneAt.getTime() - row.createdAt.getTime()))}`}</h1>
<p class="exports">${downloads(verification)}</p></div>`
  const main = isLive
    ? html`${head}<noscript><p class="more">Without JavaScript this page looks again every five seconds; or <a href="/verifications/${row.id}">look again now</a>.</p></noscript><div id="operation" hx-get="/verifications/${row.id}" hx-trigger="every 1s" hx-select="#operation" hx-swap="outerHTML">${body}</div>`
    : html`${head}<div id="operation">${body}</div>`
  return layout({ title: `${so.word}: ${row.subject}`, ...(isLive && { again: 5 }) }, main)
}

/** The answer, and the evidence of it all as one pack that meshproof replay reads. */
function downloads({ row, result }: Verification): Html {
  const verdict = result?.answer.subjects[0]?.verdictId
  const pack =
    verdict === undefined ? undefined : html` <a href="${links.verdict(verdict)}/pack" download>Evidence pack</a>`
  return html`<a href="/api/v1/verifications/${row.id}" download="${`verification-${row.id}.json`}">This as JSON</a>${pack}`
}

/** Not judged: still to come, or ended without a verdict. */
function stateHtml(row: RequestRow): Html {
  const { id, subject, policy, state, attempt, progress, error } = row
  const so = statusOf(row)
  const told = error === null ? undefined : problemHtml(error)
  return html`<article class="state ${so.drawn}" aria-labelledby="subject"><header>${mark(so.drawn)}<div><p class="word" role="status">${titles[so.word] ?? so.word}</p><h2 id="subject" class="mono">${subject}</h2><p class="soft">Policy ${policy}${attempt > 1 ? `, attempt ${attempt}` : ''}</p></div></header>
${state === 'running' ? bar(progress) : undefined}
${explain(row)}
${told}
${buttons(id, state)}</article>`
}

const titles: Readonly<Record<string, string>> = {
  waiting: 'Waiting for a worker',
  running: 'Running',
  parked: 'Parked',
  cancelled: 'Cancelled',
  refused: 'Refused',
}

const phases: Readonly<Record<string, string>> = { evidence: 'Fetching evidence' }

const bar = (progress: RequestRow['progress']): Html =>
  progress === null
    ? html`<div class="progress"><progress aria-label="Progress"></progress><p class="soft">Beginning</p></div>`
    : html`<div class="progress">${progress.total === null ? html`<progress aria-label="Progress"></progress>` : html`<progress aria-label="Progress" value="${progress.done}" max="${progress.total}"></progress>`}<p class="soft">${phases[progress.phase] ?? progress.phase}: ${progress.done} ${progress.unit} answered${progress.total === null ? '' : ` of ${progress.total}`}</p></div>`

function explain({ state, error, attempt }: RequestRow): Html | undefined {
  switch (state) {
    case 'queued':
      return error === null
        ? undefined
        : html`<p>Attempt ${attempt} ended with what is said below. It is tried again by itself.</p>`
    case 'running':
      return error === null ? undefined : html`<p>The attempt before this one ended with what is said below.</p>`
    case 'parked':
      return html`<p>Every attempt failed, so nothing more happens by itself. Nothing was judged, and nothing was lost.</p>`
    case 'cancelled':
      return html`<p>Somebody stopped it before it was judged.</p>`
    case 'done':
      return html`<p>The request cannot be answered as it stands. Asking the same again comes to the same.</p>`
  }
}

function buttons(id: string, state: RequestRow['state']): Html | undefined {
  if (state === 'queued' || state === 'running')
    return html`<form method="post" action="/verifications/${id}/cancel"><button>Cancel</button></form>`
  if (state === 'parked' || state === 'cancelled')
    return html`<form method="post" action="/verifications/${id}/retry"><button class="main">Try again</button></form>`
  return undefined
}

/** Brought in by a pack: a demonstration, or what another installation saw. */
const isPacked = ({ policy }: RequestRow): boolean => policy.endsWith(fromPack)

function judgedHtml(
  view: VerdictView,
  { row, answers, choices, others, otherwise }: Verification,
  packed: boolean,
): Html {
  const story = packed
    ? `From a pack: its evidence was judged here, and no registry was asked. It says nothing about what a registry holds under this name today; it was signed under the trusted root ${view.trust}.`
    : undefined
  return html`${verdictHtml(view, { anchor: 'verdict', links, again: againPanel(row.id, choices, otherwise, packed), ...(story !== undefined && { story }) })}
<h3 class="section">Artifacts</h3>
<ul class="artifacts">${view.subjects.map(({ label, digest, outcome, verdictId }) => html`<li>${statusHtml(outcomes[outcome])} <strong>${label}</strong> ${isDigest(digest) ? html`<a class="mono" href="/artifacts/${digest}">${digest}</a>` : html`<span class="mono">${digest}</span>`} <span class="soft">verdict ${digestHtml(verdictId, links.verdict(verdictId))}${beside(verdictId, others.get(digest))}</span></li>`)}</ul>
${answersTable(answers)}`
}

const beside = (own: Digest, other: Digest | undefined): Html | undefined =>
  other === undefined ? undefined : html`, <a href="${comparePath(other, own)}">compared with another</a>`

const againPanel = (id: string, choices: Choices, otherwise: Otherwise, packed: boolean): Html =>
  html`<section class="panel again" id="again"><h3>Judge it again</h3>${
    packed
      ? undefined
      : html`<p>Fetch everything anew, and judge what is there now:</p><form method="post" action="/verifications/${id}/again"><label for="policy">Policy</label><div class="row">${choose('policy', '', [{ value: '', label: 'The same' }, ...choices.policies])}<button>Ask again</button></div></form>`
  }<p>From the stored evidence alone, without network: as it was, to the same bytes, or asked otherwise. Nothing of this is kept.</p>${otherwiseForm(id, otherwise, choices)}</section>`
