import type { Digest } from '../../core/digest.ts'
import type { Room } from './manifests.ts'
import type { Place } from './place.ts'
import { failure, isFailure } from './result.ts'
import { type Told, toldAbsent, toldFailure } from './told.ts'

/** What a blob is, its manifest says; a registry's `Content-Type` for it is no evidence. */
export const blobType = 'application/octet-stream'

export async function fetchBlob(
  room: Room,
  place: Place,
  digest: Digest,
  limit: number,
  signal: AbortSignal,
): Promise<Told> {
  const got = await room.client.get(place, { ask: 'blob', path: `blobs/${digest}`, limit, guarded: true }, signal)
  if (isFailure(got)) return toldFailure(got)
  if ('absent' in got) return toldAbsent(got.from)
  if (got.digest !== digest)
    return toldFailure(failure('registry.digest-mismatch', got.from, { expected: digest, found: got.digest })) // T28
  await room.store.put(got.bytes, blobType)
  return { outcome: { found: digest, mediaType: blobType }, from: got.from, transient: false }
}
