import type { Digest } from './digest.ts'
import { decides } from './finding.ts'
import { decodeUtf8, type Json, seal } from './json.ts'
import type { Limits } from './limits.ts'
import type { SubjectAnswer, VerdictAnswer } from './request.ts'
import { parseTime, type Time } from './time.ts'
import { noWaivers, rules, sealInputs, sealVerdict, type Verdict, worst } from './verdict.ts'

/** What a request asks, and what its inputs would be now, as far as they are known before anything is looked up. */
export type Likeness = {
  /** Requests of one key ask the same. */
  readonly key: Digest
  /** What would be read now; undefined where that cannot be said without waiting. */
  readonly now: Standing | undefined
}

export type Standing = {
  readonly policy: Digest
  readonly trust: Digest | null
  readonly trustAsOf?: Time
  /** The request's own time of judging. */
  readonly at?: number
  /** The policy's: evidence that is older is looked up again. */
  readonly recheckMs?: number
}

export type Observed = {
  readonly count: number
  readonly oldest: number
  readonly newest: number
  readonly absent: boolean
  readonly failed: boolean
}

/** A request that came to its end, as it was kept. */
export type Precedent = {
  readonly verdicts: readonly Digest[]
  readonly result: Uint8Array
  readonly observed: Observed
}

/** What an earlier answer stands on, by digest: whoever gives it again shows first that all of it is still there. */
export type Repeatable = { readonly outcome: 'trusted' | 'rejected'; readonly standsOn: ReadonlySet<Digest> }

/**
 * T73: an answer is given again only where the inputs would be the same, now lies in the span for which its verdicts hold,
 * and nobody would look for its evidence again. What we could not tell is never given again, nor is what failed.
 */
export function repeatable(
  { verdicts, result, observed }: Precedent,
  standing: Standing,
  now: number,
  limits: Pick<Limits, 'rememberFoundMs' | 'rememberAbsentMs'>,
): Repeatable | undefined {
  const answer = answerIn(result, verdicts)
  if (answer === undefined || answer.verdict === 'inconclusive') return undefined
  if (!answer.subjects.every((subject) => isSame(subject, standing, now))) return undefined
  const outcome = answer.verdict
  const most = observed.absent || outcome === 'rejected' ? limits.rememberAbsentMs : limits.rememberFoundMs
  const oldest = now - Math.min(most, standing.recheckMs ?? most)
  if (observed.failed || observed.count === 0 || observed.oldest < oldest || observed.newest > now) return undefined
  return { outcome, standsOn: new Set(answer.subjects.flatMap(namedBy)) }
}

const namedBy = ({ verdictId, inputs, beside }: SubjectAnswer): readonly Digest[] => [
  verdictId,
  sealInputs(inputs).digest,
  inputs.policy,
  inputs.waivers,
  inputs.evidence,
  ...(inputs.trust === null ? [] : [inputs.trust]),
  ...beside.asked.flatMap(({ question }) => (question.ask === 'log-entry' ? [question.envelope] : [])),
]

/** Ours, and yet only bytes of a table: what it says is believed once it hashes to the ids of the verdicts. */
function answerIn(result: Uint8Array, verdicts: readonly Digest[]): VerdictAnswer | undefined {
  try {
    const { answer } = JSON.parse(decodeUtf8(result) ?? '') as { readonly answer: VerdictAnswer }
    const ids = answer.subjects.map(verdictIn)
    const same = ids.length === verdicts.length && ids.every((id, i) => id === verdicts[i])
    return same && answer.verdict === worst(answer.subjects.map(({ outcome }) => outcome)) ? answer : undefined
  } catch {
    return undefined
  }
}

function isSame({ inputs, findings, holds }: SubjectAnswer, standing: Standing, now: number): boolean {
  if (inputs.rules !== rules || inputs.waivers !== noWaivers.digest) return false
  if (inputs.policy !== standing.policy || inputs.trust !== standing.trust) return false
  if (inputs.trustAsOf !== standing.trustAsOf) return false
  if (findings.some((one) => one.outcome === 'error' && decides(one))) return false
  const at = standing.at ?? now
  const from = holds.from === null ? at : parseTime(holds.from)
  const until = holds.until === null ? at : parseTime(holds.until)
  return from !== undefined && until !== undefined && from <= at && at <= until
}

/** The id of the verdict that an answer shows, where it is the one that it names. */
function verdictIn({ subject, outcome, holds, findings, inputs, verdictId }: SubjectAnswer): Digest | undefined {
  const schema = 'urn:meshproof:verdict:v1'
  const verdict: Verdict = { schema, inputs: sealInputs(inputs).digest, subject, outcome, holds, findings }
  return sealVerdict(verdict).digest === verdictId ? verdictId : undefined
}

/** The digest of what is asked: whatever a request says but the id that its sender gave it. */
export const likenessKey = (asked: { readonly [key: string]: Json | undefined }): Digest =>
  seal({ schema: 'urn:meshproof:likeness:v1', ...asked }).digest
