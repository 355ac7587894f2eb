import type { Digest } from '../../core/digest.ts'
import { isKeyless, isKeys, type Requirement } from '../../core/policy.ts'
import type { KeptCertificate } from '../certificate/kept-certificate.ts'
import type { LeafFacts } from '../certificate/leaf.ts'
import type { BuildFacts } from '../provenance/build-facts.ts'
import { holdBuilder, holdProvenance } from '../provenance/hold-provenance.ts'
import { holdSummary } from '../summary/hold-summary.ts'
import { endOfTime, type Trust, type Window } from '../trust/trusted-root.ts'
import { Book, type CandidateResult } from './book.ts'
import type { Candidate } from './candidate.ts'
import { holdAnnotations, holdPayload, holdReference } from './hold-claims.ts'
import { examine, holdIdentity } from './hold-signer.ts'
import { holdTransparency } from './hold-transparency.ts'
import type { Matter } from './matter.ts'
import type { Claims } from './payload.ts'

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
  const build = holdBuild(requirement, leaf, claims, matter, book)
  if ('builder' in requirement.signer) holdBuilder(requirement.signer, leaf, build, matter, book)
  const boundaries = facts.times.map(({ time }) => time - matter.limits.clockSkewMs)
  if (requirement.vsa !== undefined) boundaries.push(...holdSummary(requirement.vsa, claims, matter, book))
  if (facts.judgedAlive !== undefined) boundaries.push(...lifeBoundaries(facts.judgedAlive, matter.trust))
  return {
    ...book.close(),
    candidate,
    key,
    boundaries,
    source: sourceOf(leaf),
  }
}

function sourceOf(leaf: LeafFacts | undefined): CandidateResult['source'] {
  const { extensions } = leaf ?? { extensions: {} as LeafFacts['extensions'] }
  const commit = extensions.sourceRepositoryDigest ?? extensions.githubWorkflowSHA
  const run = extensions.runInvocationURI
  const { sourceRepositoryIdentifier: repositoryId, sourceRepositoryOwnerIdentifier: ownerId } = extensions
  return {
    ...(commit !== undefined && { commit }),
    ...(run !== undefined && { run }),
    ...(repositoryId !== undefined && { repositoryId }),
    ...(ownerId !== undefined && { ownerId }),
  }
}

/** A chain that was held against the moment of judging: its answer changes with each of its certificates, and with the root's windows. */
const lifeBoundaries = (leaf: Window, { authorities }: Trust): readonly number[] =>
  [leaf, ...authorities.flatMap(({ window, chain }) => [window, ...chain.map(lifeOf)])]
    .flatMap(({ start, end }) => [start, end + 1])
    .filter((instant) => instant > 0 && instant <= endOfTime)

const lifeOf = ({ notBefore, notAfter }: KeptCertificate): Window => ({
  start: notBefore.getTime(),
  end: notAfter.getTime(),
})

/** The statement's claims, where the policy asks for provenance; a builder alone is asked of provenance as well. */
function holdBuild(
  requirement: Requirement,
  leaf: LeafFacts | undefined,
  claims: Claims | undefined,
  matter: Matter,
  book: Book,
): BuildFacts | undefined {
  const byBuilder = 'builder' in requirement.signer
  const { provenance = byBuilder ? {} : undefined } = requirement
  if (provenance === undefined) return undefined
  const { statement, predicateType } = claims ?? {}
  const proven =
    (leaf === undefined && !isKeys(requirement.signer)) || statement === undefined || predicateType === undefined
      ? undefined
      : { leaf, predicateType, ...statement }
  return holdProvenance(provenance, proven, byBuilder, matter, book)
}
