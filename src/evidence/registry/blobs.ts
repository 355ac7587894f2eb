import type { Digest } from '../../core/digest.ts'
import { failure, isFailure } from '../http/result.ts'
import { type Told, toldAbsent, toldFailure, toldFound } from '../told.ts'
import type { Room } from './manifests.ts'
import type { Place } from './place.ts'

/** What a blob is, its manifest says; a registry's `Content-Type` for it is no evidence. */
const mediaType = 'application/octet-stream'

export async function blobOf(
  { client, store }: Room,
  place: Place,
  digest: Digest,
  limit: number,
  signal: AbortSignal,
): Promise<Told> {
  const held = await store.get(digest)
  if (held !== undefined)
    return held.length > limit
      ? toldFailure(failure('registry.too-large', 'cache', { expected: String(limit) }))
      : toldFound({ found: digest, mediaType }, 'cache')
  const got = await client.get(place, { ask: 'blob', path: `blobs/${digest}`, limit, guarded: true }, signal)
  if (isFailure(got)) return toldFailure(got)
  if ('absent' in got) return toldAbsent(got.from)
  if (got.digest !== digest)
    return toldFailure(failure('registry.digest-mismatch', got.from, { expected: digest, found: got.digest })) // T28
  await store.put(got.bytes, mediaType)
  return toldFound({ found: digest, mediaType }, got.from)
}
