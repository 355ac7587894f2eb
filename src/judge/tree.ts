import type { Code } from '../core/codes.ts'
import type { Digest } from '../core/digest.ts'
import type { Limits } from '../core/limits.ts'
import { isIndexType, isManifestType, platformOf, readIndex, readManifest } from '../core/oci.ts'
import type { BytesOf } from './evidence-view.ts'

/** What a resolved name meant: the root, and the members with a real platform. */
export type Member = { readonly digest: Digest; readonly platform: string; readonly nested: boolean }
export type Tree =
  | {
      readonly root: Digest
      readonly isIndex: boolean
      readonly members: readonly Member[]
      readonly others: number
      /** Members under digests that we do not speak (T89). */
      readonly foreign: readonly { readonly digest: string; readonly platform: string }[]
    }
  | { readonly root: Digest; readonly problem: Code; readonly found?: string }

/** T30: platforms are what the index says; children without one hold attestations and are not asked for. */
export function readTree(root: Digest, mediaType: string, bytes: BytesOf, limits: Limits): Tree {
  const document = bytes(root)
  if (document === undefined) return { root, problem: 'evidence.missing', found: root }
  if (isManifestType(mediaType))
    return readManifest(document, limits.jsonDepth) === undefined
      ? { root, problem: 'image.malformed' }
      : { root, isIndex: false, members: [], others: 0, foreign: [] }
  if (!isIndexType(mediaType))
    return { root, problem: 'registry.media-type-unsupported', found: mediaType.slice(0, 200) }
  const index = readIndex(document, limits.jsonDepth)
  if (index === undefined) return { root, problem: 'image.malformed' }
  const size = index.manifests.length + index.foreign.length
  if (size > limits.members) return { root, problem: 'limit.members', found: String(size) }
  const members = new Map<Digest, Member>()
  let others = 0
  for (const entry of index.manifests) {
    const nested = isIndexType(entry.mediaType)
    const platform = platformOf(entry) ?? (nested ? 'index' : undefined)
    if (platform === undefined) others++
    else if (!members.has(entry.digest)) members.set(entry.digest, { digest: entry.digest, platform, nested })
  }
  const foreign = index.foreign.flatMap(({ digest, platform }) =>
    platform === undefined ? [] : [{ digest, platform }],
  )
  return { root, isIndex: true, members: [...members.values()], others, foreign }
}

/** `linux/arm64` also means `linux/arm64/v8`; a variant that was asked for must be there. */
export const meansPlatform = (asked: string, platform: string): boolean =>
  platform === asked || platform.startsWith(`${asked}/`)
