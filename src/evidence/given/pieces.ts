import type { Digest } from '../../core/digest.ts'
import { givenTypes } from '../../core/given-types.ts'
import { documentsIn } from '../../core/json-lines.ts'
import type { Limits } from '../../core/limits.ts'
import type { Asked, EvidenceStore, GivenKind } from '../../core/observation.ts'
import type { Bytes, GivenAtHand } from '../../core/request.ts'
import { type Assets, readSecurityAssets } from '../archive/security-assets.ts'
import { locate, locateFile, type Paths, readBytes } from './files.ts'
import { LayoutSource } from './layout.ts'

/** Who brings the same archive along for many requests has it read once. */
export type ReadAssets = (file: string, limits: Limits) => Promise<Assets>

export function readingOnce(read: ReadAssets): ReadAssets {
  const known = new Map<string, Promise<Assets>>()
  return (file, limits) => {
    const assets = known.get(file) ?? read(file, limits)
    known.set(file, assets)
    return assets
  }
}

export type Brought = { readonly observations: readonly Asked[]; readonly layouts: readonly LayoutSource[] }

/**
 * Evidence that came along with the request, one observation a piece, its bytes in the store. An image is looked up in a
 * layout by its name; for an `artifact`, a digest without a place, what vouches for it there is taken out piece by piece.
 */
export async function bringAlong(
  given: readonly GivenAtHand[],
  artifact: Digest | undefined,
  paths: Paths,
  store: EvidenceStore,
  now: number,
  limits: Limits,
  readAssets: ReadAssets = readSecurityAssets,
): Promise<Brought> {
  const observations: Asked[] = []
  const layouts: LayoutSource[] = []
  const keep = async (kind: GivenKind, bytes: Uint8Array, mediaType: string) => {
    const found = await store.put(bytes, mediaType)
    observations.push({
      question: { ask: 'given', kind },
      outcome: { found, mediaType },
      beside: { from: 'given', at: now },
    })
  }
  const piece = (kind: GivenKind, bytes: Bytes, mediaType: string) =>
    keep(kind, readBytes(bytes, paths, limits.givenBytes), mediaType)
  const keepBundle = async (bytes: Uint8Array) => {
    await keep('bundle', bytes, givenTypes.bundle)
    // Each line by itself as well: a look-up in a log names the envelope it is about.
    const lines = documentsIn(bytes, limits.jsonDepth, limits.candidates)
    for (const line of lines.length > 1 ? lines : []) await store.put(line, givenTypes.bundle)
  }
  for (const one of given) {
    if ('bundle' in one) await keepBundle(readBytes(one.bundle, paths, limits.givenBytes))
    else if ('signatureManifest' in one) {
      await piece('signature', one.signatureManifest, givenTypes.signatureManifest)
      for (const payload of one.payloads) await piece('signature', payload, givenTypes.payload)
    } else if ('signatures' in one) await piece('signature', one.signatures, givenTypes.downloaded)
    else if ('attestations' in one) await piece('attestation', one.attestations, givenTypes.attestations)
    else if ('logEntry' in one) await piece('log-entry', one.logEntry, givenTypes.logEntry)
    else if ('securityAssets' in one) {
      const assets = await readAssets(locateFile(one.securityAssets, paths), limits)
      if ('provenance' in assets) await keepBundle(assets.provenance)
      else
        observations.push({
          question: { ask: 'given', kind: 'bundle' },
          outcome: { failed: assets.failed },
          beside: { from: 'given', at: now, detail: { found: assets.found } },
        })
    } else {
      const layout = await LayoutSource.open(locate(one.layout, paths), store, limits)
      layouts.push(layout)
      observations.push({
        question: { ask: 'given', kind: 'layout' },
        outcome: layout.observed,
        beside: { from: 'given', at: now, ...(layout.altered !== undefined && { detail: { found: layout.altered } }) },
      })
      for (const { kind, manifest, layers } of artifact === undefined ? [] : layout.vouchersFor(artifact)) {
        await keep(kind, manifest, givenTypes.signatureManifest)
        for (const layer of layers) await keep(kind, layer, givenTypes.payload)
      }
    }
  }
  return { observations, layouts }
}
