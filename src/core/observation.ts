import type { Code } from './codes.ts'
import type { Digest } from './digest.ts'
import { canonicalJson, type Json, type Sealed, seal } from './json.ts'
import type { Name, Reference } from './reference.ts'

export type GivenKind = 'bundle' | 'signature' | 'attestation' | 'layout' | 'log-entry' | 'members'

/** What can be asked of the world; a closed union. `image` is a name: where to ask. */
export type Question =
  | { readonly ask: 'resolve'; readonly image: Reference }
  | { readonly ask: 'manifest'; readonly image: Name; readonly digest: Digest }
  | { readonly ask: 'blob'; readonly image: Name; readonly digest: Digest; readonly limit: number }
  | { readonly ask: 'referrers'; readonly image: Name; readonly digest: Digest }
  | { readonly ask: 'tag'; readonly image: Name; readonly tag: string }
  | { readonly ask: 'given'; readonly kind: GivenKind }
  /** A transparency log's entries for a bare envelope: `envelope` is the digest of its bytes, which the store holds. */
  | { readonly ask: 'log-entry'; readonly artifact: Digest; readonly envelope: Digest }
  /** Asked last, of whoever remembers: where the tag and the look-ups of this image led before, if elsewhere. */
  | { readonly ask: 'sightings'; readonly image: Reference }
  /** The index in which this digest was seen under that name. */
  | { readonly ask: 'index-of'; readonly image: Name; readonly digest: Digest }

export type HistoryQuestion = Extract<Question, { ask: 'sightings' | 'index-of' }>
/** What a registry can be asked. */
export type RegistryQuestion = Exclude<Extract<Question, { image: unknown }>, HistoryQuestion>
/** Answers that may be other ones tomorrow, for the same digest or the same tag. */
export type LookupQuestion = Extract<Question, { ask: 'resolve' | 'tag' | 'referrers' }>

export const isOfHistory = (question: Question): question is HistoryQuestion =>
  question.ask === 'sightings' || question.ask === 'index-of'
export const isLookup = (question: Question): question is LookupQuestion =>
  question.ask === 'resolve' || question.ask === 'tag' || question.ask === 'referrers'

export type LogQuestion = Extract<Question, { ask: 'log-entry' }>

export type Outcome3 =
  | { readonly found: Digest; readonly mediaType: string }
  | { readonly absent: true }
  | { readonly failed: Code }

export type Observation = { readonly question: Question; readonly outcome: Outcome3 }
export type EvidenceSet = readonly Observation[]

/** What stands beside an observation and is never hashed: the same answers tomorrow are the same evidence. */
export type Beside = {
  readonly from: string
  readonly at: number
  readonly retryAfter?: string
  readonly detail?: Readonly<Record<string, Json>>
}
export type Asked = Observation & { readonly beside: Beside }

export interface EvidenceStore {
  get(digest: Digest): Promise<Uint8Array | undefined>
  put(bytes: Uint8Array, mediaType: string): Promise<Digest>
}

/** Whatever bytes observations stand on: what was found, and the envelope that a log was asked about. */
export const digestsIn = (observations: Iterable<Observation>): readonly Digest[] =>
  [...observations].flatMap(({ question, outcome }) => [
    ...('found' in outcome ? [outcome.found] : []),
    ...(question.ask === 'log-entry' ? [question.envelope] : []),
  ])

export const questionKey = (question: Question): string => canonicalJson(question as unknown as Json)

/** The sorted, canonical list; its digest is an input of the verdict. */
export function sealEvidence(observations: Iterable<Observation>): Sealed & { readonly set: EvidenceSet } {
  const byText = new Map<string, Observation>()
  for (const { question, outcome } of observations) {
    const plain = { question, outcome }
    byText.set(canonicalJson(plain as unknown as Json), plain)
  }
  const set = [...byText.keys()].sort((a, b) => (a < b ? -1 : 1)).flatMap((text) => byText.get(text) ?? [])
  return { ...seal({ schema: 'urn:meshproof:evidence-set:v1', observations: set as unknown as Json }), set }
}

/**
 * Answers one question; turns whatever happens into an observation and throws nothing. `fresh`: without what is remembered
 * and may have changed.
 */
export interface Answerer {
  answer(question: Question, signal: AbortSignal, fresh?: boolean): Promise<Asked>
}
