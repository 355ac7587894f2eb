import type { Digest } from '../core/digest.ts'
import type { Limits } from '../core/limits.ts'
import type { Lookups } from '../core/lookups.ts'
import type { EvidenceStore } from '../core/observation.ts'
import { formatTime } from '../core/time.ts'
import type { Told } from './told.ts'

export type Memory = {
  readonly lookups: Lookups
  readonly store: EvidenceStore
  readonly limits: Limits
  readonly now: () => number
}

export type Known = { readonly digest: Digest; readonly bytes: Uint8Array; readonly at: number }

/** What was found before, if its bytes are still here: an answer that cannot be read is none. */
export async function recallFound({ lookups, store }: Memory, key: string): Promise<Known | undefined> {
  const remembered = await lookups.recall(key)
  if (remembered === undefined || !('found' in remembered.outcome)) return undefined
  const { found: digest } = remembered.outcome
  const bytes = await store.get(digest)
  return bytes === undefined ? undefined : { digest, bytes, at: remembered.at }
}

/** A look-up that nothing guards stays true for a while only: absence shorter than presence. */
export async function recallFresh(memory: Memory, key: string): Promise<Told | undefined> {
  const { lookups, store, limits, now } = memory
  const remembered = await lookups.recall(key)
  if (remembered === undefined) return undefined
  const { outcome, at, detail } = remembered
  const age = now() - at
  if (age < 0 || age > ('found' in outcome ? limits.rememberFoundMs : limits.rememberAbsentMs)) return undefined
  if ('found' in outcome && (await store.get(outcome.found)) === undefined) return undefined
  return { outcome, from: cacheOf(at), at, transient: false, ...(detail !== undefined && { detail }) }
}

export const cacheOf = (at: number): string => `cache of ${formatTime(at)}`

/** Keeps what is found or absent; a failure is never remembered (T87). */
export async function remember({ lookups, now }: Memory, key: string, told: Told): Promise<void> {
  if ('failed' in told.outcome) return
  await lookups.remember(key, {
    outcome: told.outcome,
    at: now(),
    ...(told.detail !== undefined && { detail: told.detail }),
  })
}
