import type { Digest } from '../core/digest.ts'
import type { Finding } from '../core/finding.ts'
import type { Limits } from '../core/limits.ts'
import { type LookupQuestion, type Outcome3, questionKey } from '../core/observation.ts'
import type { Reference } from '../core/reference.ts'
import { heldIn, readSightings, type Sighting } from '../core/sightings.ts'
import type { Inputs } from '../core/verdict.ts'
import type { EvidenceView } from './evidence-view.ts'
import { note } from './note.ts'
import { tagFor } from './places.ts'

/**
 * SC-17: what was seen before and is otherwise now: a tag that moved (T27), evidence that is gone (T39). Neither says
 * anything of the digest that is judged, so neither moves its verdict.
 */
export function sightingFindings(inputs: Inputs, view: EvidenceView, limits: Limits): readonly Finding[] {
  const { asked, subject } = inputs
  if (asked.as === undefined || typeof subject !== 'string') return []
  const outcome = view.outcomeOf({ ask: 'sightings', image: asked.as as Reference })
  const document = outcome !== undefined && 'found' in outcome ? outcome.found : undefined
  const bytes = document === undefined ? undefined : view.bytes(document)
  const sightings = bytes === undefined ? undefined : readSightings(bytes, limits.jsonDepth)
  if (document === undefined || sightings === undefined) return []
  const isRoot = asked.root === undefined || asked.root === subject
  return [...byQuestion(sightings.seen)].flatMap((earlier) => {
    const [{ question }] = earlier
    const now = view.outcomeOf(question)
    if (now === undefined || 'failed' in now) return []
    const say = (code: Finding['code'], found: string) => [
      note(inputs, {
        check: 'SC-17',
        code,
        outcome: 'fail',
        basis: 'measured',
        expected: earlier.map(({ digest, since }) => `${digest} (${since})`).join(', '),
        found,
        evidence: [document],
      }),
    ]
    if (question.ask === 'resolve') return isRoot && 'found' in now ? say('image.tag-moved', now.found) : []
    return speaksOf(question, subject) && isGone(question, earlier, now, view, limits)
      ? say('image.evidence-gone', placeOf(question))
      : []
  })
}

type Some = readonly [Sighting, ...Sighting[]]

function byQuestion(seen: readonly Sighting[]): Iterable<Some> {
  const all = new Map<string, Some>()
  for (const one of seen) {
    const key = questionKey(one.question)
    const known = all.get(key)
    all.set(key, known === undefined ? [one] : [...known, one])
  }
  return all.values()
}

type OfDigest = Exclude<LookupQuestion, { ask: 'resolve' }>

const speaksOf = (question: OfDigest, subject: Digest): boolean =>
  question.ask === 'referrers'
    ? question.digest === subject
    : [tagFor(subject, 'signature'), tagFor(subject, 'attestation')].includes(question.tag)

/** Whether something that stood there stands there no more; what only came to it is no loss. */
function isGone(
  question: OfDigest,
  earlier: Some,
  now: Exclude<Outcome3, { failed: unknown }>,
  view: EvidenceView,
  limits: Limits,
): boolean {
  const bytes = 'found' in now ? view.bytes(now.found) : undefined
  const held = new Set(bytes === undefined ? [] : heldIn(question, bytes, limits.jsonDepth))
  return earlier.some((one) => one.held.some((digest) => !held.has(digest)))
}

const placeOf = (question: OfDigest): string =>
  question.ask === 'referrers' ? `the referrers of ${question.digest}` : `${question.image}:${question.tag}`
