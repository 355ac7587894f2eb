import type { Digest } from '../core/digest.ts'
import type { Limits } from '../core/limits.ts'
import type { LogQuestion } from '../core/observation.ts'
import { isKeys, type Policy, transparencyOf } from '../core/policy.ts'
import { claimsSubject } from '../verify/signature/payload.ts'
import { isBare, readGiven } from './bare-envelopes.ts'
import type { EvidenceView } from './evidence-view.ts'

/**
 * The log entries to look up: one for each bare envelope that came along without and speaks of the artifact, where the
 * policy counts on the log. What was brought along closes the look-ups of its kind.
 */
export function askLog(
  artifact: Digest,
  policy: Policy,
  { given, bytes }: EvidenceView,
  limits: Limits,
): readonly LogQuestion[] {
  if (!countsOnLog(policy) || given.some(({ kind }) => kind === 'log-entry')) return []
  const envelopes = given
    .filter(({ kind }) => kind === 'bundle')
    .flatMap(({ digest }) => readGiven(bytes(digest) ?? Buffer.alloc(0), limits))
    .filter(isBare)
    .filter(({ holder, content }) => 'certificate' in holder && claimsSubject(content, artifact, limits))
  return [...new Set(envelopes.map(({ id }) => id))]
    .slice(0, limits.candidates)
    .map((envelope) => ({ ask: 'log-entry', artifact, envelope }))
}

const countsOnLog = (policy: Policy): boolean =>
  policy.requirements.some((requirement) => {
    const { log, time } = transparencyOf(requirement)
    return !isKeys(requirement.signer) && log + time > 0
  })
