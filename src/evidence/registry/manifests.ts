import type { Digest } from '../../core/digest.ts'
import type { Limits } from '../../core/limits.ts'
import type { EvidenceStore } from '../../core/observation.ts'
import type { Client } from './client.ts'
import { manifestAccept, manifestType } from './manifest-type.ts'
import type { Place } from './place.ts'
import { failure, isFailure } from './result.ts'
import { type Told, toldAbsent, toldFailure } from './told.ts'

export type Room = { readonly client: Client; readonly store: EvidenceStore; readonly limits: Limits }

/** A manifest by tag or by digest; the digest is that of the bytes received, whatever the headers say (T28, F-007). */
export async function fetchManifest(
  room: Room,
  place: Place,
  want: { ask: 'resolve' | 'tag' | 'referrers'; tag: string } | { ask: 'manifest' | 'resolve'; digest: Digest },
  signal: AbortSignal,
): Promise<Told> {
  const asked = 'digest' in want ? want.digest : undefined
  const got = await room.client.get(
    place,
    {
      ask: want.ask,
      path: `manifests/${'digest' in want ? want.digest : want.tag}`,
      accept: manifestAccept,
      limit: room.limits.manifestBytes,
      guarded: asked !== undefined,
    },
    signal,
  )
  if (isFailure(got)) return toldFailure(got)
  if ('absent' in got) return toldAbsent(got.from)
  const type = manifestType(got.bytes, room.limits.jsonDepth)
  // Schema 1 first: its name is the digest of a part of the body, so a difference there is no attack (F-008).
  if ('problem' in type && type.problem === 'registry.media-type-unsupported')
    return toldFailure(failure(type.problem, got.from, { found: 'schema 1' }))
  if (asked !== undefined && got.digest !== asked)
    return toldFailure(failure('registry.digest-mismatch', got.from, { expected: asked, found: got.digest })) // T28
  if ('problem' in type) return toldFailure(failure(type.problem, got.from, {}))
  await room.store.put(got.bytes, type.mediaType)
  return { outcome: { found: got.digest, mediaType: type.mediaType }, from: got.from, transient: false }
}
