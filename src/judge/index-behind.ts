import type { Digest } from '../core/digest.ts'
import type { Limits } from '../core/limits.ts'
import type { Question } from '../core/observation.ts'
import { nameOf, partsOf, type Reference } from '../core/reference.ts'
import type { EvidenceView } from './evidence-view.ts'
import { readTree } from './tree.ts'

/**
 * Of `name:tag@digest`: the index that the tag names, where it lists this very digest and its bytes are held. Provenance stands
 * on the index only, and a kubelet reports the platform's digest; what lists it may lend to it (T29).
 */
export function indexBehind(
  reference: Reference,
  subject: Digest,
  view: EvidenceView,
  limits: Limits,
): Digest | undefined {
  const question = manifestBehind(reference, subject, view)
  const outcome = question === undefined ? undefined : view.outcomeOf(question)
  if (question === undefined || outcome === undefined || !('found' in outcome)) return undefined
  const tree = readTree(question.digest, outcome.mediaType, view.bytes, limits)
  return !('problem' in tree) && tree.members.some(({ digest }) => digest === subject) ? tree.root : undefined
}

/** What has to be looked at to know it: the manifest of the tag, where that is another one. */
export function manifestBehind(
  reference: Reference,
  subject: Digest,
  view: EvidenceView,
): Extract<Question, { ask: 'manifest' }> | undefined {
  const parts = partsOf(reference)
  if (parts.tag === undefined || parts.digest !== subject) return undefined
  const tag = view.outcomeOf({ ask: 'resolve', image: reference.split('@')[0] as Reference })
  return tag === undefined || !('found' in tag) || tag.found === subject
    ? undefined
    : { ask: 'manifest', image: nameOf(parts), digest: tag.found }
}
