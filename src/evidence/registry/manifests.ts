import type { Digest } from '../../core/digest.ts'
import { type Absent, type Failure, failure, isFailure } from '../http/result.ts'
import type { Memory } from '../remembering.ts'
import { type Told, toldAbsent, toldFailure, toldFound } from '../told.ts'
import type { Client } from './client.ts'
import { manifestAccept, manifestType } from './manifest-type.ts'
import type { Place } from './place.ts'

export type Room = Memory & { readonly client: Client }

export type Which =
  | { readonly ask: 'resolve' | 'tag' | 'referrers'; readonly tag: string }
  | { readonly ask: 'manifest' | 'resolve'; readonly digest: Digest }

export type Received = {
  readonly bytes: Uint8Array
  readonly digest: Digest
  readonly mediaType: string
  readonly from: string
}

/** A manifest by tag or by digest; the digest is that of the bytes received, whatever the headers say (T28, F-007). */
export async function receiveManifest(
  { client, limits }: Room,
  place: Place,
  which: Which,
  signal: AbortSignal,
): Promise<Received | Absent | Failure> {
  const asked = 'digest' in which ? which.digest : undefined
  const path = `manifests/${'digest' in which ? which.digest : which.tag}`
  const got = await client.get(
    place,
    { ask: which.ask, path, accept: manifestAccept, limit: limits.manifestBytes, guarded: asked !== undefined },
    signal,
  )
  if (isFailure(got) || 'absent' in got) return got
  const { bytes, digest, from } = got
  const type = manifestType(bytes, limits.jsonDepth)
  // Schema 1 first: its name is the digest of a part of the body, so a difference there is no attack (F-008).
  if ('problem' in type && type.problem === 'registry.media-type-unsupported')
    return failure(type.problem, from, { found: 'schema 1' }) // T89
  if (asked !== undefined && digest !== asked)
    return failure('registry.digest-mismatch', from, { expected: asked, found: digest }) // T28
  if ('problem' in type) return failure(type.problem, from, {})
  return { bytes, digest, mediaType: type.mediaType, from }
}

export async function fetchManifest(room: Room, place: Place, which: Which, signal: AbortSignal): Promise<Told> {
  const got = await receiveManifest(room, place, which, signal)
  if (isFailure(got)) return toldFailure(got)
  if ('absent' in got) return toldAbsent(got.from)
  await room.store.put(got.bytes, got.mediaType)
  return toldFound({ found: got.digest, mediaType: got.mediaType }, got.from)
}

/** A manifest by digest, from the store where its bytes are at hand. */
export async function manifestOf(room: Room, place: Place, digest: Digest, signal: AbortSignal): Promise<Told> {
  const held = await room.store.get(digest)
  const type = held === undefined ? undefined : manifestType(held, room.limits.jsonDepth)
  if (type !== undefined && 'mediaType' in type) return toldFound({ found: digest, mediaType: type.mediaType }, 'cache')
  return fetchManifest(room, place, { ask: 'manifest', digest }, signal)
}
