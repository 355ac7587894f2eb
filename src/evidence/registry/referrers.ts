import { type Digest, hexOf } from '../../core/digest.ts'
import { isIndexType, mediaTypes } from '../../core/oci.ts'
import { type Absent, type Failure, failure, isFailure } from '../http/result.ts'
import { type Told, toldAbsent, toldFailure, toldFound } from '../told.ts'
import { aboutAnother } from './about.ts'
import { type Room, receiveManifest } from './manifests.ts'
import type { Place } from './place.ts'
import { descriptorsOf, type Listed, listReferrers } from './referrer-pages.ts'

/**
 * Who refers to a digest: the API of OCI 1.1, else the fallback tag. Never filtered by type: filters are optional there,
 * and registries apply them differently.
 */
export async function fetchReferrers(room: Room, place: Place, digest: Digest, signal: AbortSignal): Promise<Told> {
  const listed = await listReferrers(room, place, digest, signal)
  if ('bytes' in listed) return toldListed(room, listed, digest)
  if (isFailure(listed)) return toldFailure(listed)
  const fallback = await listFallback(room, place, digest, signal)
  if ('bytes' in fallback) return toldListed(room, fallback, digest)
  if (isFailure(fallback)) return toldFailure(fallback)
  // Nothing at the tag: absent only where the API said 404 as well (T87); a refused redirect stays what it was (F-004).
  return isFailure(listed.noApi) ? toldFailure(listed.noApi) : toldAbsent(fallback.from)
}

async function toldListed({ store }: Room, { bytes, digest, from, count }: Listed, subject: Digest): Promise<Told> {
  if (count === 0) return toldAbsent(from)
  await store.put(bytes, mediaTypes.ociIndex)
  return aboutAnother(toldFound({ found: digest, mediaType: mediaTypes.ociIndex }, from), subject) // T88
}

/** The index that clients keep at `sha256-<hex>` where the API is missing. */
async function listFallback(
  room: Room,
  place: Place,
  digest: Digest,
  signal: AbortSignal,
): Promise<Listed | Absent | Failure> {
  const got = await receiveManifest(room, place, { ask: 'referrers', tag: `sha256-${hexOf(digest)}` }, signal)
  if (isFailure(got) || 'absent' in got) return got
  if (got.digest === digest) return { ...got, count: 1 } // T88: an image, not an index; said by aboutAnother
  const listed = isIndexType(got.mediaType) ? descriptorsOf(got.bytes, room.limits.jsonDepth) : undefined
  if (listed === undefined) return failure('registry.malformed', got.from, {})
  const { referrers } = room.limits
  if (listed === 'too-many' || listed.length > referrers)
    return failure('limit.referrers', got.from, { expected: String(referrers) }) // T37
  return { ...got, count: listed.length }
}
