import type { Digest } from '../../core/digest.ts'
import { isKeyless, type Requirement } from '../../core/policy.ts'
import { Book, type CandidateResult } from './book.ts'
import type { Candidate } from './candidate.ts'
import { holdAnnotations, holdPayload, holdReference } from './hold-claims.ts'
import { examine, holdIdentity } from './hold-signer.ts'
import { holdTransparency } from './hold-transparency.ts'
import type { Matter } from './matter.ts'

/** One candidate against all demands of one requirement; every demand yields a finding (rule 2 of the threats). */
export function holdAgainst(
  requirement: Requirement,
  pointer: string,
  candidate: Candidate,
  evidence: readonly Digest[],
  matter: Matter,
): CandidateResult {
  const book = new Book(requirement, pointer, candidate, evidence, matter.subject)
  const { facts, key, leaf } = examine(requirement, candidate, matter, book)
  const claims = holdPayload(requirement, candidate, facts, matter, book)
  if (isKeyless(requirement.signer)) holdIdentity(requirement.signer, leaf, matter, book)
  holdTransparency(requirement, candidate, facts, matter, book)
  holdReference(requirement, claims, matter, book)
  holdAnnotations(requirement, claims, leaf, book)
  for (const note of candidate.notes) book.note(note.code, { found: note.found })
  if (requirement.provenance !== undefined) book.demand('/provenance', 'error', 'provenance.not-evaluated')
  const boundaries = facts.times.map(({ time }) => time - matter.limits.clockSkewMs)
  if (facts.judgedAlive !== undefined) boundaries.push(facts.judgedAlive.start, facts.judgedAlive.end + 1)
  const commit = leaf?.extensions.sourceRepositoryDigest ?? leaf?.extensions.githubWorkflowSHA
  const run = leaf?.extensions.runInvocationURI
  return {
    ...book.close(),
    candidate,
    key,
    boundaries,
    source: { ...(commit !== undefined && { commit }), ...(run !== undefined && { run }) },
  }
}
