/** An OCI layout of the corpus as a list of what a registry must hold. */
import { existsSync, readFileSync } from 'node:fs'

export type LayoutManifest = {
  readonly repository: string
  readonly digest: string
  readonly mediaType: string
  readonly bytes: Buffer
  readonly tags: readonly string[]
  /** Children, configuration and layers: what must be there before. */
  readonly children: readonly string[]
  readonly blobs: readonly string[]
  readonly subject?: string
}
export type Layout = {
  /** Children before parents. */
  readonly manifests: readonly LayoutManifest[]
  blob(digest: string): Buffer
}

type Descriptor = { readonly digest: string; readonly mediaType: string; readonly annotations?: Record<string, string> }
type Document = {
  readonly manifests?: readonly Descriptor[]
  readonly config?: Descriptor
  readonly layers?: readonly Descriptor[]
  readonly subject?: Descriptor
}

export function readLayout(folder: string): Layout {
  const blob = (digest: string): Buffer => readFileSync(`${folder}/blobs/${digest.replace(':', '/')}`)
  const index = JSON.parse(readFileSync(`${folder}/index.json`, 'utf8')) as { manifests: readonly Descriptor[] }
  const found = new Map<string, LayoutManifest>()
  const add = (repository: string, { digest, mediaType }: Descriptor, tag?: string): void => {
    const key = `${repository}@${digest}`
    const known = found.get(key)
    const bytes = known?.bytes ?? blob(digest)
    const document = JSON.parse(bytes.toString('utf8')) as Document
    const children = (document.manifests ?? []).filter((child) => isThere(folder, child.digest))
    for (const child of children) add(repository, child)
    found.delete(key)
    found.set(key, {
      repository,
      digest,
      mediaType,
      bytes,
      tags: [...new Set([...(known?.tags ?? []), ...(tag === undefined ? [] : [tag])])],
      children: children.map((child) => child.digest),
      blobs: [...(document.config === undefined ? [] : [document.config]), ...(document.layers ?? [])].map(
        (one) => one.digest,
      ),
      ...(document.subject !== undefined && { subject: document.subject.digest }),
    })
  }
  for (const entry of index.manifests) {
    const name = entry.annotations?.['org.opencontainers.image.ref.name'] ?? ''
    const [, repository = '', tag] = /^[^/]+\/([^:@]+)(?::([^@]+))?/.exec(name) ?? []
    add(repository, entry, tag)
  }
  return { manifests: [...found.values()].sort(byDepth), blob }
}

const isThere = (folder: string, digest: string): boolean => existsSync(`${folder}/blobs/${digest.replace(':', '/')}`)

/** Indexes last, and among referrers the subject before what refers to it. */
const byDepth = (a: LayoutManifest, b: LayoutManifest): number =>
  a.children.length - b.children.length || Number(a.subject !== undefined) - Number(b.subject !== undefined)
