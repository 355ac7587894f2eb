import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Digest, digestOf, hexOf } from '../../core/digest.ts'
import type { Json } from '../../core/json.ts'
import { mediaTypes } from '../../core/oci.ts'
import { makeFolder } from '../store/folder.ts'
import { type Pack, type PackedRequest, packSchema, packType } from './format.ts'

/** Writes a pack into a new or empty folder; `documents` are all blobs that the requests stand on. */
export async function writePack(
  folder: string,
  requests: readonly PackedRequest[],
  documents: ReadonlyMap<Digest, Uint8Array>,
): Promise<void> {
  for (const [name, bytes] of packFiles(requests, documents)) {
    await makeFolder(dirname(join(folder, name)))
    writeFileSync(join(folder, name), bytes)
  }
}

/** Every file of a pack, by its path in the layout. */
export function packFiles(
  requests: readonly PackedRequest[],
  documents: ReadonlyMap<Digest, Uint8Array>,
): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  const put = (bytes: Uint8Array): { readonly digest: Digest; readonly size: number } => {
    const digest = digestOf(bytes)
    files.set(`blobs/sha256/${hexOf(digest)}`, bytes)
    return { digest, size: bytes.length }
  }
  const pack: Pack = { schema: packSchema, requests }
  const layers = [...documents.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, bytes]) => ({ mediaType: 'application/octet-stream', ...put(bytes) }))
  const record = { mediaType: packType, ...put(jsonBytes(pack as unknown as Json)) }
  const manifest = put(
    jsonBytes({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType: packType,
      config: { mediaType: mediaTypes.empty, ...put(Buffer.from('{}')) },
      layers: [record, ...layers],
    }),
  )
  const entry = {
    mediaType: mediaTypes.ociManifest,
    artifactType: packType,
    ...manifest,
    annotations: { 'org.opencontainers.image.ref.name': 'meshproof-pack' },
  }
  files.set('index.json', jsonBytes({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [entry] }))
  files.set('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'))
  const sets = [...new Set(requests.map(({ evidence }) => evidence))].flatMap((digest) => documents.get(digest) ?? [])
  files.set('evidence-set.json', jsonBytes(merged(sets)))
  return files
}

const jsonBytes = (value: Json): Buffer => Buffer.from(JSON.stringify(value), 'utf8')

/** One set as it stands; of several, all their observations. */
function merged(sets: readonly Uint8Array[]): Json {
  const parsed = sets.map(
    (bytes) =>
      JSON.parse(Buffer.from(bytes).toString('utf8')) as {
        readonly schema: string
        readonly observations: readonly Json[]
      },
  )
  const seen = new Map(
    parsed.flatMap(({ observations }) => observations.map((observation) => [JSON.stringify(observation), observation])),
  )
  return {
    schema: 'urn:meshproof:evidence-set:v1',
    observations: [...seen.keys()].sort().flatMap((key) => seen.get(key) ?? []),
  }
}
