import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Digest, digestOf, hexOf } from '../../core/digest.ts'
import { Fault } from '../../core/fault.ts'
import { parseJson } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'
import { readIndex, readManifest } from '../../core/oci.ts'
import { findAltered } from '../given/altered.ts'
import { sizeOf } from '../given/files.ts'
import { type Pack, packShape, packType } from './format.ts'

/** A pack that was read back: what was asked, and its blobs, each checked against its name before the first is taken, and when it is taken. */
export type OpenPack = { readonly pack: Pack; readonly bytes: (digest: Digest) => Uint8Array | undefined }

/** Throws a `Fault` (`pack.malformed`, `evidence.digest-mismatch`): a pack is what a person named, not evidence yet. */
export async function readPack(folder: string, limits: Limits): Promise<OpenPack> {
  const bad = (found: string) => new Fault('pack.malformed', { parameters: { found } })
  const index =
    sizeOf(join(folder, 'index.json')) !== undefined
      ? readIndex(readFileSync(join(folder, 'index.json')), limits.jsonDepth)
      : undefined
  if (index === undefined) throw bad(`${folder} has no index.json`)
  const altered = await findAltered(folder, limits)
  if (altered !== undefined) throw new Fault('evidence.digest-mismatch', { parameters: { found: altered } }) // T94
  const bytes = (digest: Digest): Uint8Array | undefined => {
    const place = join(folder, 'blobs', 'sha256', hexOf(digest))
    if ((sizeOf(place) ?? Number.POSITIVE_INFINITY) > limits.givenBytes) return undefined
    const blob = readFileSync(place)
    if (digestOf(blob) !== digest) throw new Fault('evidence.digest-mismatch', { parameters: { found: digest } }) // T94
    return blob
  }
  for (const entry of index.manifests) {
    const manifest = readManifest(bytes(entry.digest) ?? Buffer.alloc(0), limits.jsonDepth)
    const record = manifest?.layers.find(({ mediaType }) => mediaType === packType)
    const document = record === undefined ? undefined : bytes(record.digest)
    if (document === undefined) continue
    const parsed = parseJson(document, limits.jsonDepth)
    const checked = 'problem' in parsed ? undefined : packShape.safeParse(parsed.value)
    if (checked?.success !== true) throw bad('its record does not read')
    return { pack: checked.data as unknown as Pack, bytes }
  }
  throw bad('it holds no record of what was asked')
}
