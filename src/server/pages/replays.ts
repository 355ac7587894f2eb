import type { FastifyInstance } from 'fastify'
import { Fault } from '../../core/fault.ts'
import { problemOf } from '../../core/problem.ts'
import type { SubjectAnswer, VerdictAnswer } from '../../core/request.ts'
import { formatTime } from '../../core/time.ts'
import type { Instead } from '../../examine/replay.ts'
import { replayStored, type Serving, type StoredReplay } from '../../jobs/stored-replay.ts'
import { compareVerdicts } from '../../report/model/comparison.ts'
import { pairedSubjects } from '../../report/model/differences.ts'
import { verdictView } from '../../report/model/verdict-view.ts'
import { comparisonHtml } from '../../report/page/comparison.ts'
import { mark } from '../../report/page/drawing.ts'
import { type Html, html } from '../../report/page/html.ts'
import { tone, verdictHtml } from '../../report/page/verdict.ts'
import { timeHtml } from '../../report/page/words.ts'
import { isId } from '../../store/id.ts'
import { resultOf } from './answer.ts'
import { type Choices, choicesOf } from './ask.ts'
import { formOf } from './form.ts'
import { type Otherwise, otherwiseForm, otherwiseOf, readOtherwise, Wrong } from './judge-again.ts'
import { layout } from './layout.ts'
import { links } from './links.ts'
import { sendPage } from './reply.ts'
import { readVerification, verificationPage } from './verification.ts'

/**
 * Judges a stored request again, from the stored evidence alone: as it was, and says whether it comes to the same bytes; or
 * under another policy, trusted root or date, and lays what comes of it beside what is stored. Nothing of it is kept.
 */
export function replays(app: FastifyInstance, service: Serving): void {
  app.post<{ Params: { id: string } }>(
    '/verifications/:id/replay',
    { config: { permission: 'evidence:read' } },
    async (request, reply) => {
      const { id } = request.params
      const row = isId(id) ? await service.requests.find(id) : undefined
      const bytes = row === undefined ? undefined : await service.requests.result(id)
      const verdict = bytes === undefined ? undefined : resultOf(bytes).answer.subjects[0]?.verdictId
      if (row === undefined || verdict === undefined)
        throw new Fault('request.unknown', { status: 404, parameters: { found: id } })
      const typed = otherwiseOf(formOf(request.body))
      let instead: Instead
      try {
        instead = await readOtherwise(service, typed)
      } catch (error) {
        if (!(error instanceof Wrong)) throw error
        const wrong = { field: error.field, problem: problemOf(error.fault) }
        return sendPage(reply, verificationPage(await readVerification(service, row, { ...typed, wrong })), 422)
      }
      const replayed = await replayStored(service, verdict, instead)
      return sendPage(
        reply,
        replayed.same === null
          ? otherwisePage(id, replayed, instead, typed, await choicesOf(service))
          : replayPage(id, replayed.was, replayed),
      )
    },
  )
}

const crumbs = (id: string): Html =>
  html`<p class="crumbs"><a href="/verifications">Verifications</a> <a href="/verifications/${id}">This verification</a></p>`

export function replayPage(
  id: string,
  before: VerdictAnswer,
  { answer, same, rules }: Omit<StoredReplay, 'request'>,
): string {
  const main = html`${crumbs(id)}
<h1>Replayed</h1>${told(before, answer, same === true, rules)}
${verdictHtml(verdictView(answer), { anchor: 'verdict', links, again: html`<section class="panel"><h3>Judge it again</h3><p>This is what the stored evidence came to just now. <a href="/verifications/${id}">Back to the stored verdict</a>.</p></section>` })}`
  return layout({ title: 'Replayed' }, main)
}

function told(before: VerdictAnswer, after: VerdictAnswer, same: boolean, rules: StoredReplay['rules']): Html {
  const judged = after.subjects.length
  const words = same
    ? `Judged again from the stored evidence, without network: ${judged === 1 ? 'the same verdict' : `the same ${judged} verdicts`}, byte for byte.`
    : `Not the same: it was ${before.verdict}, and is ${after.verdict} now.`
  return html`<div class="told ${same ? 'pass' : 'fail'}" role="status">${mark(same ? 'pass' : 'fail')}<div><p>${words}</p>${rulesHtml(rules)}</div></div>`
}

const rulesHtml = ({ was, is }: StoredReplay['rules']): Html | undefined =>
  was === is ? undefined : html`<p class="soft">It was judged under rules ${was}; these are rules ${is}.</p>`

/** What is stored and what it would be, beside each other, artifact by artifact. */
export function otherwisePage(
  id: string,
  { was, answer, rules }: Pick<StoredReplay, 'answer' | 'rules'> & { readonly was: VerdictAnswer },
  instead: Instead,
  typed: Otherwise,
  choices: Choices,
): string {
  const pairs = pairedSubjects(was, answer)
  const main = html`${crumbs(id)}
<h1>Asked otherwise</h1>
<div class="told ${was.verdict === answer.verdict ? 'note' : tone[answer.verdict]}" role="status">${mark(was.verdict === answer.verdict ? 'note' : tone[answer.verdict])}<div><p>${sentence(was, answer)}</p><p class="soft">${asked(instead)} Judged from the stored evidence, without network. Nothing of this is kept: the stored verdict stays what it is.</p>${rulesHtml(rules)}</div></div>
${pairs.map(([a, b], i) => pairHtml(a, b, pairs.length > 1, i === 0))}
<section class="panel again" aria-labelledby="once-more"><h3 id="once-more">Ask otherwise once more</h3>${otherwiseForm(id, typed, choices)}</section>`
  return layout({ title: 'Asked otherwise' }, main)
}

const sentence = (was: VerdictAnswer, is: VerdictAnswer): string =>
  was.verdict === is.verdict
    ? `It would be ${is.verdict} as well.`
    : `It is ${was.verdict} as stored, and would be ${is.verdict}.`

function asked({ policy, trust, at }: Instead): Html {
  const parts = [
    ...(policy === undefined ? [] : [html`under the policy ${policy.policy.name}`]),
    ...(trust === undefined ? [] : [html`with the trusted root ${trust.name}`]),
    ...(at === undefined ? [] : [html`as of ${timeHtml(formatTime(at))}`]),
  ]
  return html`Asked ${parts.map((part, i) => (i === 0 ? part : html`, ${part}`))}.`
}

function pairHtml(a: SubjectAnswer | undefined, b: SubjectAnswer | undefined, several: boolean, open: boolean): Html {
  const one = a ?? b
  if (one === undefined) return html``
  const label = one.platform ?? (one.role === 'root' ? 'The image' : 'The artifact')
  const body =
    a === undefined || b === undefined
      ? html`<p>${a === undefined ? 'Judged now only.' : 'Judged then only.'}</p>`
      : comparisonHtml(compareVerdicts(a, b), links, {
          a: 'Stored',
          b: 'Asked otherwise',
          bIsKept: false,
          ...(several && { of: label }),
        })
  if (!several) return html`<section class="otherwise-pair">${body}</section>`
  const summary = html`<summary>${label} <span class="soft">${a?.outcome ?? 'not judged'} as stored, ${b?.outcome ?? 'not judged'} otherwise</span></summary><div class="inner">${body}</div>`
  return open ? html`<details open>${summary}</details>` : html`<details>${summary}</details>`
}
