import { type Digest, digestOf } from '../../core/digest.ts'
import { canonicalJson, type Json, parseJson } from '../../core/json.ts'
import { mediaTypes } from '../../core/oci.ts'
import { type Absent, type Failure, failure, header, isFailure, type Reply } from '../http/result.ts'
import type { Got } from './client.ts'
import type { Room } from './manifests.ts'
import type { Place } from './place.ts'

/** A list of referrers as one OCI index: as received where it was one page, else our own canonical document. */
export type Listed = {
  readonly bytes: Uint8Array
  readonly digest: Digest
  readonly from: string
  readonly count: number
}

/** What the registry said instead of a list, where it does not speak the API: not there, or sent elsewhere. */
export type NoApi = { readonly noApi: Absent | Failure }

/** All pages of `GET /v2/<name>/referrers/<digest>`. */
export async function listReferrers(
  { client, limits }: Room,
  place: Place,
  digest: Digest,
  signal: AbortSignal,
): Promise<Listed | NoApi | Failure> {
  const descriptors: Json[] = []
  let path = `referrers/${digest}`
  for (let page = 1; ; page++) {
    const wanted = {
      ask: 'referrers',
      path,
      accept: mediaTypes.ociIndex,
      limit: limits.manifestBytes,
      guarded: false,
    } as const
    const got = await client.get(place, wanted, signal)
    if (page === 1 && speaksNoApi(got)) return { noApi: got }
    if (isFailure(got)) return got
    if ('absent' in got) return failure('registry.failed', got.from, { found: `${got.from}: status 404` })
    const { bytes, from } = got
    const listed = descriptorsOf(bytes, limits.jsonDepth)
    const next = nextPage(got, place)
    if (listed === undefined) return failure('registry.malformed', from, {})
    if (next !== undefined && isFailure(next)) return next
    const tooMany = listed === 'too-many' || descriptors.length + listed.length > limits.referrers
    const tooLong = next !== undefined && page >= limits.referrerPages
    if (tooMany || tooLong) return failure('limit.referrers', from, { expected: String(limits.referrers) }) // T37
    descriptors.push(...listed)
    if (next === undefined) {
      const whole = page === 1 ? bytes : joined(descriptors)
      if (whole === undefined) return failure('registry.malformed', from, {})
      return { bytes: whole, digest: digestOf(whole), from, count: descriptors.length }
    }
    path = next.path
  }
}

/** Registries without the API say so in several ways; GitHub's sends us to a page for people (F-004). */
const speaksNoApi = (got: Got): got is Absent | Failure =>
  'absent' in got ||
  ('failed' in got &&
    (got.failed === 'registry.redirect-refused' || got.status === 405 || got.status === 406 || got.status === 501))

/** The descriptors of an index; undefined where the document is none, and not even read where there are far too many. */
export function descriptorsOf(bytes: Uint8Array, maxDepth: number): readonly Json[] | 'too-many' | undefined {
  const parsed = parseJson(bytes, maxDepth)
  if ('problem' in parsed && parsed.problem === 'too-many-parts') return 'too-many'
  if ('problem' in parsed || typeof parsed.value !== 'object' || parsed.value === null) return undefined
  const { schemaVersion, manifests } = parsed.value as { schemaVersion?: unknown; manifests?: unknown }
  if (schemaVersion !== 2) return undefined
  if (manifests === null) return [] // how Go writes an empty list
  return Array.isArray(manifests) ? (manifests as Json[]) : undefined
}

/** undefined where a descriptor has no canonical form (a fraction, half a character). */
function joined(manifests: readonly Json[]): Uint8Array | undefined {
  try {
    return Buffer.from(canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }), 'utf8')
  } catch {
    return undefined
  }
}

/** The next page (`Link`, RFC 8288), which must lie beneath the same repository of the same host. */
function nextPage({ headers, from }: Reply, place: Place): { readonly path: string } | Failure | undefined {
  const found = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(header(headers, 'link') ?? '')
  if (found === null) return undefined
  const base = `${place.origin}/v2/${place.path}/`
  const url = URL.parse(found[1] ?? '', base)
  if (url === null) return failure('registry.malformed', from, {})
  if (!url.href.startsWith(base)) return failure('registry.redirect-refused', from, { found: url.host }) // T86
  return { path: url.href.slice(base.length) }
}
