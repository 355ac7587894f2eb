import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Digest, hexOf } from '../../core/digest.ts'
import { type Json, seal } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'
import {
  type Answerer,
  type Asked,
  type EvidenceStore,
  isOfHistory,
  type Outcome3,
  type Question,
} from '../../core/observation.ts'
import { type Descriptor, isIndexType, mediaTypes, readIndex, readManifest } from '../../core/oci.ts'
import { isProblem, type Name, nameOf, parseReference, partsOf } from '../../core/reference.ts'
import { findAltered } from './altered.ts'
import { sizeOf } from './files.ts'

/** A manifest that vouches for a digest, and the layers it does so by. */
export type Voucher = {
  readonly kind: 'signature' | 'attestation'
  readonly manifest: Uint8Array
  readonly layers: readonly Uint8Array[]
}

const vouching = /\.(?:simplesigning|dsse|sigstore\.bundle)\./

type Entry = { readonly descriptor: Descriptor; readonly name: Name | undefined; readonly tag: string | undefined }

/**
 * An OCI layout that was brought along, as a source of answers. A full name in it answers for its repository, a bare tag
 * for any; what a repository with an entry lacks is absent; other look-ups stay open (shapes: Questions). Every blob is
 * hashed before the first answer: one that does not hash to its name spoils every answer (T94).
 */
export class LayoutSource implements Answerer {
  readonly observed: Outcome3
  readonly altered: string | undefined
  private readonly folder: string
  private readonly store: EvidenceStore
  private readonly limits: Limits
  private readonly entries: readonly Entry[]
  private readonly names: ReadonlySet<Name>

  private constructor(
    folder: string,
    store: EvidenceStore,
    limits: Limits,
    observed: Outcome3,
    entries: readonly Entry[],
    altered: string | undefined,
  ) {
    this.folder = folder
    this.store = store
    this.limits = limits
    this.observed = observed
    this.entries = entries
    this.altered = altered
    this.names = new Set(entries.flatMap(({ name }) => name ?? []))
  }

  static async open(folder: string, store: EvidenceStore, limits: Limits): Promise<LayoutSource> {
    const file = join(folder, 'index.json')
    const bytes = (sizeOf(file) ?? Number.POSITIVE_INFINITY) <= limits.manifestBytes ? readFileSync(file) : undefined
    const index = bytes === undefined ? undefined : readIndex(bytes, limits.jsonDepth)
    if (bytes === undefined || index === undefined)
      return new LayoutSource(folder, store, limits, { failed: 'evidence.malformed' }, [], undefined)
    const altered = await findAltered(folder, limits)
    const found = await store.put(bytes, mediaTypes.ociIndex)
    const observed: Outcome3 =
      altered === undefined ? { found, mediaType: mediaTypes.ociIndex } : { failed: 'evidence.digest-mismatch' }
    return new LayoutSource(folder, store, limits, observed, index.manifests.map(toEntry), altered)
  }

  /** The digests of layers that the layout names and does not hold. */
  unread(): readonly Digest[] {
    const missing = new Set<Digest>()
    for (const { descriptor } of this.entries) {
      const bytes = this.read(descriptor.digest)
      const manifest =
        bytes === undefined || isIndexType(descriptor.mediaType)
          ? undefined
          : readManifest(bytes, this.limits.jsonDepth)
      for (const layer of manifest?.layers ?? [])
        if (sizeOf(this.place(layer.digest)) === undefined) missing.add(layer.digest)
    }
    return [...missing].sort()
  }

  /** What vouches for a digest here, under whichever name: an artifact without a name is asked for nowhere else. */
  vouchersFor(subject: Digest): readonly Voucher[] {
    if (this.altered !== undefined) return []
    const tag = `sha256-${hexOf(subject)}`
    const tagged = (ending: string) => this.entries.filter((entry) => entry.tag === `${tag}.${ending}`)
    return [
      ...tagged('sig').flatMap(({ descriptor }) => this.voucher('signature', descriptor.digest)),
      ...tagged('att').flatMap(({ descriptor }) => this.voucher('attestation', descriptor.digest)),
      ...[...this.listed(undefined, subject).keys()].flatMap((digest) => this.voucher('attestation', digest)),
    ]
  }

  private voucher(kind: Voucher['kind'], digest: Digest): readonly Voucher[] {
    const manifest = this.read(digest)
    const named = manifest === undefined ? undefined : readManifest(manifest, this.limits.jsonDepth)?.layers
    const layers = (named ?? []).filter(({ mediaType }) => vouching.test(mediaType)).slice(0, this.limits.layers)
    if (manifest === undefined || layers.length === 0) return []
    return [{ kind, manifest, layers: layers.flatMap((layer) => this.read(layer.digest) ?? []) }]
  }

  async answer(question: Question): Promise<Asked> {
    return {
      question,
      outcome: (await this.tryAnswer(question)) ?? { failed: 'evidence.offline' },
      beside: { from: 'given', at: 0 },
    }
  }

  /** undefined: this layout says nothing of it, somebody else has to be asked. */
  async tryAnswer(question: Question): Promise<Outcome3 | undefined> {
    if (!('image' in question) || isOfHistory(question)) return undefined
    const parts = partsOf(question.image)
    const name = nameOf(parts)
    const mine = this.names.has(name) || this.entries.some((entry) => entry.name === undefined)
    if (!mine) return undefined
    if (this.altered !== undefined) return { failed: 'evidence.digest-mismatch' }
    const absent: Outcome3 | undefined = this.names.has(name) ? { absent: true } : undefined
    switch (question.ask) {
      case 'resolve':
        return (await this.tagged(name, parts.tag ?? 'latest')) ?? absent
      case 'tag':
        return (await this.tagged(name, question.tag)) ?? absent
      case 'manifest':
        return (await this.found(question.digest, this.typeOf(question.digest))) ?? absent
      case 'blob':
        return (await this.found(question.digest, 'application/octet-stream', question.limit)) ?? absent
      case 'referrers':
        return (await this.referrers(name, question.digest)) ?? absent
    }
  }

  private async tagged(name: Name, tag: string): Promise<Outcome3 | undefined> {
    const entry = this.entries.find((one) => one.tag === tag && (one.name === name || one.name === undefined))
    if (entry === undefined) return undefined
    const { digest, mediaType } = entry.descriptor
    // A name without its bytes is a layout with a hole: nobody can say that nothing stands there.
    return (await this.found(digest, mediaType)) ?? { failed: 'evidence.missing' }
  }

  /** By the subject that a manifest names, and by the fallback tag of registries without the API. */
  private async referrers(name: Name, subject: Digest): Promise<Outcome3 | undefined> {
    const listed = this.listed(name, subject)
    if (listed.size === 0) return undefined
    const manifests = [...listed.keys()].sort().flatMap((digest) => listed.get(digest) ?? [])
    const { bytes } = seal({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests })
    return { found: await this.store.put(bytes, mediaTypes.ociIndex), mediaType: mediaTypes.ociIndex }
  }

  private listed(name: Name | undefined, subject: Digest): ReadonlyMap<Digest, Json> {
    const listed = new Map<Digest, Json>()
    for (const { descriptor, name: own, tag } of this.entries) {
      if (name !== undefined && own !== undefined && own !== name) continue
      const bytes = this.read(descriptor.digest)
      if (bytes === undefined) continue
      if (tag === `sha256-${hexOf(subject)}`)
        for (const entry of readIndex(bytes, this.limits.jsonDepth)?.manifests ?? [])
          listed.set(entry.digest, plain(entry))
      if (!isIndexType(descriptor.mediaType) && readManifest(bytes, this.limits.jsonDepth)?.subject?.digest === subject)
        listed.set(descriptor.digest, plain(descriptor))
    }
    return listed
  }

  private typeOf(digest: Digest): string {
    const listed = this.entries.find(({ descriptor }) => descriptor.digest === digest)?.descriptor.mediaType
    if (listed !== undefined) return listed
    const bytes = this.read(digest)
    const manifest =
      bytes === undefined
        ? undefined
        : (readManifest(bytes, this.limits.jsonDepth) ?? readIndex(bytes, this.limits.jsonDepth))
    return (
      manifest?.mediaType ??
      (manifest !== undefined && 'manifests' in manifest ? mediaTypes.ociIndex : mediaTypes.ociManifest)
    )
  }

  private async found(
    digest: Digest,
    mediaType: string,
    limit = this.limits.manifestBytes,
  ): Promise<Outcome3 | undefined> {
    const place = this.place(digest)
    const size = sizeOf(place)
    if (size === undefined) return undefined
    if (size > limit) return { failed: 'registry.too-large' } // T38: a limit is no absence
    return { found: await this.store.put(readFileSync(place), mediaType), mediaType }
  }

  private read(digest: Digest): Buffer | undefined {
    const place = this.place(digest)
    return (sizeOf(place) ?? Number.POSITIVE_INFINITY) <= this.limits.attestationBytes ? readFileSync(place) : undefined
  }

  private place(digest: Digest): string {
    return join(this.folder, 'blobs', 'sha256', hexOf(digest))
  }
}

const plain = ({ mediaType, digest, size, artifactType }: Descriptor): Json => ({
  mediaType,
  digest,
  size,
  ...(artifactType !== undefined && { artifactType }),
})

function toEntry(descriptor: Descriptor): Entry {
  const text = descriptor.annotations?.['org.opencontainers.image.ref.name']
  if (text === undefined) return { descriptor, name: undefined, tag: undefined }
  if (!text.includes('/') && !text.includes(':') && !text.includes('@'))
    return { descriptor, name: undefined, tag: text }
  const parts = parseReference(text)
  return isProblem(parts)
    ? { descriptor, name: undefined, tag: text }
    : { descriptor, name: nameOf(parts), tag: parts.tag }
}
