import { parseJson } from '../../core/json.ts'
import { mediaTypes } from '../../core/oci.ts'

/**
 * The media type of a manifest, read from its bytes alone: the same bytes are the same evidence whether they come from
 * a registry, with whatever `Content-Type`, or from a store, which keeps none. A document that is both an index and an
 * image (GHSA-77vh-xpmg-72qh) is neither.
 */
export type ManifestType =
  | { readonly mediaType: string }
  | { readonly problem: 'registry.malformed' | 'registry.media-type-unsupported' }

export function manifestType(bytes: Uint8Array, maxDepth: number): ManifestType {
  const parsed = parseJson(bytes, maxDepth)
  if ('problem' in parsed || !isRecord(parsed.value)) return { problem: 'registry.malformed' }
  const { schemaVersion, mediaType, manifests, layers, config, fsLayers } = parsed.value
  if (schemaVersion === 1 || fsLayers !== undefined) return { problem: 'registry.media-type-unsupported' } // T89
  if (manifests !== undefined && (layers !== undefined || config !== undefined))
    return { problem: 'registry.malformed' }
  if (typeof mediaType === 'string' && mediaType !== '') return { mediaType }
  if (manifests !== undefined) return { mediaType: mediaTypes.ociIndex }
  if (layers !== undefined || config !== undefined) return { mediaType: mediaTypes.ociManifest }
  return { problem: 'registry.malformed' }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const manifestAccept = [
  mediaTypes.ociIndex,
  mediaTypes.ociManifest,
  mediaTypes.dockerList,
  mediaTypes.dockerManifest,
].join(', ')
