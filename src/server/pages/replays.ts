import type { FastifyInstance } from 'fastify'
import { Fault } from '../../core/fault.ts'
import type { VerdictAnswer } from '../../core/request.ts'
import { replayStored, type Serving, type StoredReplay } from '../../jobs/stored-replay.ts'
import { verdictView } from '../../report/model/verdict-view.ts'
import { mark } from '../../report/page/drawing.ts'
import { type Html, html } from '../../report/page/html.ts'
import { verdictHtml } from '../../report/page/verdict.ts'
import { isId } from '../../store/id.ts'
import { resultOf } from './answer.ts'
import { layout } from './layout.ts'
import { links } from './links.ts'
import { sendPage } from './reply.ts'

/** Judges a stored request again, from the stored evidence alone, and says whether it comes to the same bytes. */
export function replays(app: FastifyInstance, service: Serving): void {
  app.post<{ Params: { id: string } }>(
    '/verifications/:id/replay',
    { config: { permission: 'evidence:read' } },
    async (request, reply) => {
      const { id } = request.params
      const bytes = isId(id) ? await service.requests.result(id) : undefined
      if (bytes === undefined) throw new Fault('request.unknown', { status: 404, parameters: { found: id } })
      const { answer } = resultOf(bytes)
      const verdict = answer.subjects[0]?.verdictId
      if (verdict === undefined) throw new Fault('request.unknown', { status: 404, parameters: { found: id } })
      return sendPage(reply, replayPage(id, answer, await replayStored(service, verdict)))
    },
  )
}

export function replayPage(
  id: string,
  before: VerdictAnswer,
  { answer, same, rules }: Omit<StoredReplay, 'request'>,
): string {
  const main = html`<p class="crumbs"><a href="/verifications">Verifications</a> <a href="/verifications/${id}">This verification</a></p>
<h1>Replayed</h1>${told(before, answer, same === true, rules)}
${verdictHtml(verdictView(answer), { anchor: 'verdict', links, again: html`<section class="panel"><h3>Judge it again</h3><p>This is what the stored evidence came to just now. <a href="/verifications/${id}">Back to the stored verdict</a>.</p></section>` })}`
  return layout({ title: 'Replayed' }, main)
}

function told(before: VerdictAnswer, after: VerdictAnswer, same: boolean, rules: StoredReplay['rules']): Html {
  const judged = after.subjects.length
  const words = same
    ? `Judged again from the stored evidence, without network: ${judged === 1 ? 'the same verdict' : `the same ${judged} verdicts`}, byte for byte.`
    : `Not the same: it was ${before.verdict}, and is ${after.verdict} now.`
  return html`<div class="told ${same ? 'pass' : 'fail'}" role="status">${mark(same ? 'pass' : 'fail')}<div><p>${words}</p>${rules.was === rules.is ? undefined : html`<p class="soft">It was judged under rules ${rules.was}; these are rules ${rules.is}.</p>`}</div></div>`
}
