import { type Digest, hexOf } from '../../core/digest.ts'
import { canonicalJson, type Json, parseJson } from '../../core/json.ts'
import { mediaTypes } from '../../core/oci.ts'
import { fetchManifest, type Room } from './manifests.ts'
import type { Place } from './place.ts'
import { type Failure, failure, header, isFailure, type Reply } from './result.ts'
import { type Told, toldAbsent, toldFailure } from './told.ts'

/** Who refers to a digest: the API of OCI 1.1, else the fallback tag. Never filtered by type: filters are optional and registries apply them differently. */
export async function fetchReferrers(room: Room, place: Place, digest: Digest, signal: AbortSignal): Promise<Told> {
  const listed = await pages(room, place, digest, signal)
  if (listed === 'no-api' || (isFailure(listed) && saysNotSpoken(listed))) {
    const fallback = await fetchManifest(room, place, { ask: 'referrers', tag: `sha256-${hexOf(digest)}` }, signal)
    // The tag is not there: absent only where the API said 404 too (T87); a refused redirect stays what it was (F-004).
    if ('absent' in fallback.outcome && listed !== 'no-api') return toldFailure(listed)
    return aboutAnother(fallback, digest)
  }
  if (isFailure(listed)) return toldFailure(listed)
  const { bytes, from, count } = listed
  if (count === 0) return toldAbsent(from)
  return {
    outcome: { found: await room.store.put(bytes, mediaTypes.ociIndex), mediaType: mediaTypes.ociIndex },
    from,
    transient: false,
  }
}

const saysNotSpoken = ({ failed }: Failure): boolean => failed === 'registry.redirect-refused'

/** T88: an answer at a derived tag that is the subject itself is no answer about the subject. */
export function aboutAnother(told: Told, subject: Digest): Told {
  if (!('found' in told.outcome) || told.outcome.found !== subject) return told
  return toldAbsent(told.from, { note: 'signature.subject-foreign', found: subject })
}

type Listed = { readonly bytes: Uint8Array; readonly from: string; readonly count: number }

async function pages(
  room: Room,
  place: Place,
  digest: Digest,
  signal: AbortSignal,
): Promise<Listed | 'no-api' | Failure> {
  const { referrerPages, referrers, manifestBytes, jsonDepth } = room.limits
  const descriptors: Json[] = []
  let path = `referrers/${digest}`
  for (let page = 1; ; page++) {
    const got = await room.client.get(
      place,
      { ask: 'referrers', path, accept: mediaTypes.ociIndex, limit: manifestBytes, guarded: false },
      signal,
    )
    if (isFailure(got)) return got
    if ('absent' in got) return page === 1 ? 'no-api' : failure('registry.malformed', got.from, {})
    const listed = descriptorsOf(got, jsonDepth)
    if (listed === undefined) return failure('registry.malformed', got.from, {})
    descriptors.push(...listed)
    const next = nextPage(got, place)
    if (isFailure(next)) return next
    if (descriptors.length > referrers || (next.path !== undefined && page === referrerPages))
      return failure('limit.referrers', got.from, { expected: String(referrers) }) // T37
    if (next.path === undefined) {
      // A single page is kept as it came; several become one document of ours.
      const bytes =
        page === 1
          ? got.bytes
          : Buffer.from(canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: descriptors }))
      return { bytes, from: got.from, count: descriptors.length }
    }
    path = next.path
  }
}

function descriptorsOf({ bytes }: Reply, maxDepth: number): readonly Json[] | undefined {
  const parsed = parseJson(bytes, maxDepth)
  if ('problem' in parsed || typeof parsed.value !== 'object' || parsed.value === null) return undefined
  const { schemaVersion, manifests } = parsed.value as { schemaVersion?: unknown; manifests?: unknown }
  if (schemaVersion !== 2) return undefined
  return manifests === null ? [] : Array.isArray(manifests) ? (manifests as Json[]) : undefined
}

/** The next page (RFC 8288 `Link`), which must lie below the same repository of the same host. */
function nextPage({ headers, from }: Reply, place: Place): { readonly path?: string } | Failure {
  const link = header(headers, 'link')
  const found = link === undefined ? null : /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(link)
  if (found === null) return {}
  const base = `${place.origin}/v2/${place.path}/`
  const url = URL.parse(found[1] ?? '', base)
  if (url === null) return failure('registry.malformed', from, {})
  if (!url.href.startsWith(base)) return failure('registry.redirect-refused', from, { found: url.host }) // T86
  return { path: url.href.slice(base.length) }
}
