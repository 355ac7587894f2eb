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
 * Repositories to look into: `near` are the one named for signatures (flag, environment, or the policy's own for this
 * image) and the image's, in that order. An image that was pulled through a mirror has the policy's repository behind the
 * same mirror; `far` is then the policy's own, asked only where near nothing was found: people who have a mirror mostly
 * cannot reach, or do not want to bother, its origin.
 */
export function placesFor(
  policy: Policy,
  name: Name,
  asked: Name,
  signatureRepository: Name | undefined,
): { readonly near: readonly Name[]; readonly far: Name | undefined } {
  const kept = policy.images?.find((one) => one.name === name)?.signatures
  const behind = kept === undefined ? undefined : throughMirror(kept, name, asked)
  const first = signatureRepository ?? behind ?? kept
  return {
    near: first === undefined || first === asked ? [asked] : [first, asked],
    far: signatureRepository === undefined && behind !== undefined ? kept : undefined,
  }
}

/** `docker.io/kong/notary` behind the mirror by which `docker.io/kong/kuma-cp` is `mirror.example/hub/kong/kuma-cp`. */
function throughMirror(kept: Name, name: Name, asked: Name): Name | undefined {
  if (name === asked) return undefined
  const [origin, mirror] = [name.split('/'), asked.split('/')]
  while (origin.length > 1 && mirror.length > 1 && origin.at(-1) === mirror.at(-1)) {
    origin.pop()
    mirror.pop()
  }
  const prefix = `${origin.join('/')}/`
  return kept.startsWith(prefix) ? (`${mirror.join('/')}/${kept.slice(prefix.length)}` as Name) : undefined
}
