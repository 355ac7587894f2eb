import type { History } from '../core/history.ts'
import type { Limits } from '../core/limits.ts'
import {
  type Asked,
  type EvidenceStore,
  type HistoryQuestion,
  isLookup,
  isOfHistory,
  type LookupQuestion,
  type Outcome3,
  questionKey,
} from '../core/observation.ts'
import { heldIn, type Sighting, sealSightings } from '../core/sightings.ts'
import { formatTime } from '../core/time.ts'
import type { Source } from './examination.ts'

/** Answers what only somebody who remembers can tell. */
export const remembered = (history: History, store: EvidenceStore, now: () => number, limits: Limits): Source => ({
  tryAnswer: async (question, _, sofar) => {
    if (!isOfHistory(question)) return undefined
    const outcome =
      question.ask === 'index-of'
        ? await history.indexOf(question.image, question.digest)
        : await sightings(question, sofar, history, store, limits)
    return { question, outcome, beside: { from: 'what was seen before', at: now() } }
  },
})

/** Each look-up of this request that led elsewhere before; none: absent, so that the same answers are the same evidence. */
async function sightings(
  { image }: Extract<HistoryQuestion, { ask: 'sightings' }>,
  sofar: readonly Asked[],
  history: History,
  store: EvidenceStore,
  limits: Limits,
): Promise<Outcome3> {
  const now = new Map<string, Outcome3>()
  const questions: LookupQuestion[] = []
  for (const { question, outcome } of sofar)
    if (isLookup(question) && !('failed' in outcome) && (question.ask !== 'resolve' || question.image === image)) {
      questions.push(question)
      now.set(questionKey(question), outcome)
    }
  const seen: Sighting[] = []
  for (const { question, digest, since } of await history.earlier(questions)) {
    const is = now.get(questionKey(question))
    if (is !== undefined && 'found' in is && is.found === digest) continue
    const bytes = question.ask === 'resolve' ? undefined : await store.get(digest)
    const held = bytes === undefined ? [] : heldIn(question, bytes, limits.jsonDepth)
    seen.push({ question, digest, since: formatTime(since), held })
  }
  if (seen.length === 0) return { absent: true }
  const mediaType = 'application/json'
  return { found: await store.put(sealSightings({ image, seen }).bytes, mediaType), mediaType }
}
