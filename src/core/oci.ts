import { z } from 'zod'
import { type Digest, isDigest } from './digest.ts'
import { parseJson } from './json.ts'

/** Reading OCI and Docker manifests; what both `evidence` and `judge` need of them. Unknown fields are kept out. */
export const mediaTypes = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  simpleSigning: 'application/vnd.dev.cosign.simplesigning.v1+json',
  dsse: 'application/vnd.dsse.envelope.v1+json',
  bundle: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  empty: 'application/vnd.oci.empty.v1+json',
} as const

export const isIndexType = (type: string): boolean => type === mediaTypes.ociIndex || type === mediaTypes.dockerList
export const isManifestType = (type: string): boolean =>
  type === mediaTypes.ociManifest || type === mediaTypes.dockerManifest

const digest = z
  .string()
  .refine(isDigest, 'sha256 digest')
  .transform((text) => text as Digest)
const annotations = z.record(z.string(), z.string()).optional()

const descriptor = z.object({
  mediaType: z.string(),
  digest,
  size: z.number().int().nonnegative(),
  annotations,
  artifactType: z.string().optional(),
  platform: z
    .object({
      os: z.string(),
      architecture: z.string(),
      variant: z.string().optional(),
      'os.version': z.string().optional(),
    })
    .optional(),
})
export type Descriptor = z.output<typeof descriptor>

/** T30: what is an index and an image at once (GHSA-77vh-xpmg-72qh), or says that it is the other, is neither. */
const manifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z
    .string()
    .refine((type) => !isIndexType(type))
    .optional(),
  manifests: z.never().optional(),
  artifactType: z.string().optional(),
  config: z.object({ mediaType: z.string(), digest, size: z.number() }).optional(),
  layers: z.array(descriptor).default([]),
  subject: z.object({ mediaType: z.string(), digest, size: z.number() }).optional(),
  annotations,
})
export type Manifest = z.output<typeof manifest>

const index = z.object({
  schemaVersion: z.literal(2),
  mediaType: z
    .string()
    .refine((type) => !isManifestType(type))
    .optional(),
  layers: z.never().optional(),
  config: z.never().optional(),
  manifests: z.array(descriptor),
  annotations,
})
export type Index = z.output<typeof index>

/** undefined where the bytes are no such document. `maxDepth` as in `limits.jsonDepth`. */
export function readManifest(bytes: Uint8Array, maxDepth: number): Manifest | undefined {
  const parsed = parseJson(bytes, maxDepth)
  return 'problem' in parsed ? undefined : manifest.safeParse(parsed.value).data
}

export function readIndex(bytes: Uint8Array, maxDepth: number): Index | undefined {
  const parsed = parseJson(bytes, maxDepth)
  return 'problem' in parsed ? undefined : index.safeParse(parsed.value).data
}

/** `linux/arm64/v8`; undefined for descriptors without a real platform (attestations of buildkit say unknown/unknown, T30). */
export function platformOf(entry: Descriptor): string | undefined {
  const { platform } = entry
  if (platform === undefined || platform.os === 'unknown' || platform.architecture === 'unknown') return undefined
  return [platform.os, platform.architecture, ...(platform.variant === undefined ? [] : [platform.variant])].join('/')
}
