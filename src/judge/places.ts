import type { Digest } from '../core/digest.ts'
import { hexOf } from '../core/digest.ts'
import type { CandidateKind, Policy } from '../core/policy.ts'
import type { Name } from '../core/reference.ts'
import type { GivenPiece } from './evidence-view.ts'

/** Tags at which cosign 2 keeps what belongs to a digest. */
export const tagFor = (digest: Digest, kind: CandidateKind): string =>
  `sha256-${hexOf(digest)}.${kind === 'signature' ? 'sig' : 'att'}`

/** Kinds of candidates that the policy asks for at all. */
export const kindsOf = (policy: Policy): readonly CandidateKind[] =>
  [...new Set(policy.requirements.map(({ candidate }) => candidate))].sort()

/** What was brought along closes the look-ups of its kind (shapes: Questions). */
export function closedBy(given: readonly GivenPiece[]): ReadonlySet<CandidateKind> {
  const closed = new Set<CandidateKind>()
  for (const { kind } of given) {
    if (kind === 'signature' || kind === 'bundle') closed.add('signature')
    if (kind === 'attestation' || kind === 'bundle') closed.add('attestation')
  }
  return closed
}

/**
 * Repositories to look into: the one named for signatures (flag, environment, or the policy's own for this image),
 * and the image's. Each once, in that order.
 */
export function placesFor(
  policy: Policy,
  name: Name,
  asked: Name,
  signatureRepository: Name | undefined,
): readonly Name[] {
  const image = policy.images?.find((one) => one.name === name)
  const kept = signatureRepository ?? image?.signatures
  return kept === undefined || kept === asked ? [asked] : [kept, asked]
}
