import type { Digest } from '../core/digest.ts'
import type { Limits } from '../core/limits.ts'
import type { Question } from '../core/observation.ts'
import { nameOf, partsOf, type Reference } from '../core/reference.ts'
import type { EvidenceView } from './evidence-view.ts'
import { readTree } from './tree.ts'

/**
 * Of a platform that was asked by its digest: the index that the tag beside it names, or in which it was seen under this name,
 * where that lists this very digest and its bytes are held. Provenance stands on the index only, and a kubelet reports
 * the platform's digest; what lists it may lend to it (T29).
 */
export function indexBehind(
  reference: Reference,
  subject: Digest,
  view: EvidenceView,
  limits: Limits,
): Digest | undefined {
  for (const question of manifestsBehind(reference, subject, view)) {
    const outcome = view.outcomeOf(question)
    if (outcome === undefined || !('found' in outcome)) continue
    const tree = readTree(question.digest, outcome.mediaType, view.bytes, limits)
    if (!('problem' in tree) && tree.members.some(({ digest }) => digest === subject)) return tree.root
  }
  return undefined
}

type ManifestQuestion = Extract<Question, { ask: 'manifest' }>

/** What has to be looked at to know it. */
export function manifestsBehind(
  reference: Reference,
  subject: Digest,
  view: EvidenceView,
): readonly ManifestQuestion[] {
  const parts = partsOf(reference)
  if (parts.digest !== subject) return []
  const image = nameOf(parts)
  const tag =
    parts.tag === undefined
      ? undefined
      : view.outcomeOf({ ask: 'resolve', image: reference.split('@')[0] as Reference })
  const seen = view.outcomeOf({ ask: 'index-of', image, digest: subject })
  return [tag, seen].flatMap((outcome) =>
    outcome === undefined || !('found' in outcome) || outcome.found === subject
      ? []
      : [{ ask: 'manifest' as const, image, digest: outcome.found }],
  )
}
