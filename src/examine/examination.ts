import type { ArtifactDigests, Digest } from '../core/digest.ts'
import type { Json } from '../core/json.ts'
import type { Limits } from '../core/limits.ts'
import type { Asked, EvidenceStore, Outcome3, Question } from '../core/observation.ts'
import type { Name, Reference } from '../core/reference.ts'
import type { Time } from '../core/time.ts'
import type { InstalledFile } from '../core/verdict.ts'
import type { LoadedPolicy } from '../policy/read.ts'

/** A request after the shell has read its paths, names and profile: all that the loop needs. */
export type Examination = {
  readonly id?: string | undefined
  readonly subject: ExaminedSubject
  readonly policy: LoadedPolicy
  /** The trusted root as a document; undefined where none is at hand or none is read. It is fetched while images are. */
  readonly trust: ExaminedTrust | undefined | Promise<ExaminedTrust | undefined>
  readonly signatureRepository?: Name | undefined
  readonly platform?: string | undefined
  readonly installed?: readonly InstalledFile[] | undefined
  readonly at?: number | undefined
  /** What was brought along; its bytes are in the store. */
  readonly given: readonly Asked[]
  readonly unread: readonly Digest[]
}

export type ExaminedSubject =
  | { readonly image: Reference; readonly name: Name; readonly as: Reference }
  | { readonly digest: Digest; readonly name?: string; readonly version?: string }
  | {
      readonly file: string
      readonly digests: ArtifactDigests /** All hashes; measured at the first call. */
      readonly measure: () => ArtifactDigests | Promise<ArtifactDigests> /** What was measured so far. */
      readonly measured: () => ArtifactDigests
    }

export type ExaminedTrust = {
  readonly digest: Digest
  readonly bytes: Uint8Array
  readonly name: string
  readonly asOf?: Time | undefined
}

/** The world, as the loop sees it. */
export type World = {
  readonly store: EvidenceStore
  /** Tried in this order; `undefined` from `tryAnswer` hands the question on. */
  readonly sources: readonly Source[]
  readonly now: () => number
  readonly limits: Limits
  readonly versions: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** Hosts that were asked in passing and did not answer; of one run, which asks them so no more. */
  readonly lost?: Set<string>
  /** Whether a source remembers what was seen before. */
  readonly history?: boolean
}

export interface Source {
  /** `sofar`: what is known by now. */
  tryAnswer(question: Question, signal: AbortSignal, sofar: readonly Asked[]): Promise<Asked | undefined>
}

/** A source that answers only what it knows, such as a layout. */
export const sometimes = (
  from: string,
  now: () => number,
  tryAnswer: (question: Question) => Promise<Outcome3 | undefined>,
  detail?: () => Readonly<Record<string, Json>> | undefined,
): Source => ({
  tryAnswer: async (question) => {
    const outcome = await tryAnswer(question)
    const shown = detail?.()
    return outcome === undefined
      ? undefined
      : { question, outcome, beside: { from, at: now(), ...(shown !== undefined && { detail: shown }) } }
  },
})

/** The last source where the network may not be used: an open look-up is `failed: evidence.offline`. */
export const offline = (now: () => number): Source => ({
  tryAnswer: (question) =>
    Promise.resolve({ question, outcome: { failed: 'evidence.offline' }, beside: { from: 'offline', at: now() } }),
})
