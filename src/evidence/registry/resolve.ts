import type { Question } from '../../core/observation.ts'
import { partsOf } from '../../core/reference.ts'
import { header, isFailure } from '../http/result.ts'
import { cacheOf, recallFound, remember } from '../remembering.ts'
import { type Told, toldFailure, toldFound } from '../told.ts'
import { manifestAccept, manifestType } from './manifest-type.ts'
import { fetchManifest, type Room } from './manifests.ts'
import { lookupKey, type Place } from './place.ts'

/**
 * Name → digest. A tag that was resolved before costs one HEAD: its digest header is believed only where it repeats what
 * we hashed ourselves back then, and whose bytes are here. Otherwise one GET, whose bytes are the answer: a HEAD before
 * it would be a second chance for the tag to move (T26).
 */
export async function resolve(
  room: Room,
  place: Place,
  question: Extract<Question, { ask: 'resolve' }>,
  signal: AbortSignal,
): Promise<Told> {
  const { client, limits } = room
  const { digest, tag = 'latest' } = partsOf(question.image)
  const key = lookupKey(question, place)
  const known = await recallFound(room, key)
  const type = known === undefined ? undefined : manifestType(known.bytes, limits.jsonDepth)
  if (known !== undefined && type !== undefined && 'mediaType' in type) {
    const found = { found: known.digest, mediaType: type.mediaType }
    if (digest !== undefined) return toldFound(found, cacheOf(known.at)) // bytes do not age
    const head = await client.get(
      place,
      { ask: 'resolve', method: 'HEAD', path: `manifests/${tag}`, accept: manifestAccept, limit: 0, guarded: false },
      signal,
    )
    if (isFailure(head) && head.transient) return toldFailure(head)
    if ('headers' in head && header(head.headers, 'docker-content-digest') === known.digest)
      return toldFound(found, head.from)
  }
  const told = await fetchManifest(
    room,
    place,
    digest === undefined ? { ask: 'resolve', tag } : { ask: 'resolve', digest },
    signal,
  )
  if ('found' in told.outcome) await remember(room, key, told)
  return told
}
