import type { FastifyInstance } from 'fastify'
import { type Digest, isDigest } from '../../core/digest.ts'
import { Fault } from '../../core/fault.ts'
import { decodeUtf8 } from '../../core/json.ts'
import type { SubjectAnswer } from '../../core/request.ts'
import type { Inputs } from '../../core/verdict.ts'
import type { Service } from '../../jobs/service.ts'
import { type Comparison, compareVerdicts } from '../../report/model/comparison.ts'
import { comparisonHtml } from '../../report/page/comparison.ts'
import { html } from '../../report/page/html.ts'
import type { Database } from '../../store/database.ts'
import { keptUnder } from '../../store/evidence.ts'
import { findVerdict } from '../../store/verdicts.ts'
import { notStored } from '../api/stored.ts'
import { layout } from './layout.ts'
import { links } from './links.ts'
import { sendPage } from './reply.ts'

/** `/compare?a=…&b=…`: two verdicts, what differs in what they stand on and in what was found. */
export function compare(app: FastifyInstance, { database }: Service): void {
  app.get<{ Querystring: { a?: unknown; b?: unknown } }>(
    '/compare',
    { config: { permission: 'verifications:read' } },
    async (request, reply) => {
      const { a, b } = request.query
      const comparison = compareVerdicts(await verdictOf(database, a), await verdictOf(database, b))
      return sendPage(reply, comparePage(comparison))
    },
  )
}

export const comparePage = (comparison: Comparison): string =>
  layout(
    { title: 'Two verdicts' },
    html`<h1>Two verdicts</h1>
<p class="lead">${comparison.isOneArtifact ? 'Of one artifact.' : 'Of two different artifacts.'}</p>
${comparisonHtml(comparison, links)}`,
  )

/** A verdict with its inputs, as far as they can be shown without the request that came to it. */
async function verdictOf(database: Database, text: unknown): Promise<SubjectAnswer> {
  const digest = typeof text === 'string' && isDigest(text) ? (text as Digest) : undefined
  const stored = digest === undefined ? undefined : await findVerdict(database, digest)
  if (stored === undefined) throw notStored(typeof text === 'string' ? text : '', 'verdict')
  const { verdict } = stored
  const inputs = await documentOf<Inputs>(database, stored.inputs)
  const policy = await documentOf<{ readonly name?: string }>(database, inputs.policy)
  return {
    subject: verdict.subject,
    role: 'artifact',
    verdictId: stored.digest,
    outcome: verdict.outcome,
    holds: verdict.holds,
    inputs,
    findings: verdict.findings,
    beside: { policy: { name: policy.name ?? '' }, asked: [], unread: [] },
  }
}

async function documentOf<T>(database: Database, digest: Digest): Promise<T> {
  const kept = await keptUnder(database, digest)
  if (kept === undefined) throw new Fault('evidence.missing', { status: 409, parameters: { found: digest } })
  return JSON.parse(decodeUtf8(kept.bytes) ?? '') as T
}
