/**
 * Pushes an OCI layout, children first, by raw PUTs, so that digests stay. `below` is a path in front of each repository.
 * Where the registry has no referrers API, the fallback tag is the client's to keep (OCI Distribution 1.1).
 */
import type { Digest } from '../../src/core/digest.ts'
import { type LayoutManifest, readLayout } from './layout.ts'
import type { TestRegistry } from './registry.ts'

const ociIndex = 'application/vnd.oci.image.index.v1+json'

export async function pushLayout(host: string, folder: string, below = ''): Promise<void> {
  const { manifests, blob } = readLayout(folder)
  const base = (repository: string) => `http://${host}/v2/${below}${repository}`
  const blobs = new Set(manifests.flatMap((one) => one.blobs.map((digest) => `${one.repository} ${digest}`)))
  await Promise.all(
    [...blobs].map(async (one) => {
      const [repository = '', digest = ''] = one.split(' ')
      await pushBlob(base(repository), digest as Digest, blob(digest))
    }),
  )
  for (const one of manifests) {
    for (const ref of one.tags.length > 0 ? one.tags : [one.digest])
      await put(`${base(one.repository)}/manifests/${ref}`, one.mediaType, one.bytes)
  }
  for (const { repository, tag, bytes } of fallbackTags(manifests))
    await put(`${base(repository)}/manifests/${tag}`, ociIndex, bytes)
}

/** The same into our own registry, which keeps the list of referrers itself. */
export function holdLayout(registry: TestRegistry, folder: string, below = ''): void {
  const { manifests, blob } = readLayout(folder)
  for (const { repository, tags, bytes, mediaType, blobs } of manifests) {
    for (const digest of blobs) registry.addBlob(below + repository, blob(digest))
    for (const tag of tags.length > 0 ? tags : [undefined])
      registry.addManifest(below + repository, tag, bytes, mediaType)
  }
}

async function put(url: string, type: string, bytes: Uint8Array): Promise<void> {
  const { status } = await fetch(url, { method: 'PUT', headers: { 'content-type': type }, body: new Uint8Array(bytes) })
  if (status !== 201) throw new Error(`${status} for ${url}`)
}

async function pushBlob(repository: string, digest: Digest, bytes: Uint8Array): Promise<void> {
  const opened = await fetch(`${repository}/blobs/uploads/`, { method: 'POST' })
  const location = new URL(opened.headers.get('location') ?? '', repository)
  location.searchParams.set('digest', digest)
  await put(location.href, 'application/octet-stream', bytes)
}

type Tagged = { readonly repository: string; readonly tag: string; readonly bytes: Buffer }

function fallbackTags(manifests: readonly LayoutManifest[]): readonly Tagged[] {
  const lists = new Map<string, object[]>()
  for (const { repository, subject, digest, mediaType, bytes } of manifests) {
    if (subject === undefined) continue
    const key = `${repository} ${subject.replace(':', '-')}`
    const { artifactType } = JSON.parse(bytes.toString('utf8')) as { artifactType?: string }
    const descriptor = { mediaType, digest, size: bytes.length, ...(artifactType !== undefined && { artifactType }) }
    lists.set(key, [...(lists.get(key) ?? []), descriptor])
  }
  return [...lists].flatMap(([key, list]) => {
    const [repository = '', tag = ''] = key.split(' ')
    // A layout that was pulled from such a registry brings its own.
    if (manifests.some((one) => one.repository === repository && one.tags.includes(tag))) return []
    const index = { schemaVersion: 2, mediaType: ociIndex, manifests: list }
    return [{ repository, tag, bytes: Buffer.from(JSON.stringify(index)) }]
  })
}
