import { z } from 'zod'
import { type Digest, isDigest, isForeignDigest } from './digest.ts'
import { folded, parseJson } from './json.ts'

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
/** What strangers wrote has a canonical form here. */
const text = z.string().transform((value) => value.toWellFormed())
const annotations = z.record(text, text).optional()

const descriptor = z.object({
  mediaType: text,
  digest,
  size: z.number().int().nonnegative(),
  annotations,
  artifactType: text.optional(),
  platform: z
    .object({
      os: text,
      architecture: text,
      variant: text.optional(),
      'os.version': z.string().optional(),
    })
    .optional(),
})
export type Descriptor = z.output<typeof descriptor>
const foreign = descriptor.extend({ digest: z.string().refine(isForeignDigest) })

/** T30: what is an index and an image at once (GHSA-77vh-xpmg-72qh), or says that it is the other, is neither. */
const manifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z
    .string()
    .refine((type) => !isIndexType(type))
    .optional(),
  manifests: z.never().optional(),
  artifactType: text.optional(),
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
  manifests: z.array(z.union([descriptor, foreign])),
  annotations,
})
/** `foreign`: what the index lists under digests that we do not speak (T89). */
export type Index = Omit<z.output<typeof index>, 'manifests'> & {
  readonly manifests: readonly Descriptor[]
  readonly foreign: readonly { readonly digest: string; readonly platform: string | undefined }[]
}

/** undefined where the bytes are no such document. `maxDepth` as in `limits.jsonDepth`. */
export function readManifest(bytes: Uint8Array, maxDepth: number): Manifest | undefined {
  return manifest.safeParse(readOnce(bytes, maxDepth)).data
}

export function readIndex(bytes: Uint8Array, maxDepth: number): Index | undefined {
  const read = index.safeParse(readOnce(bytes, maxDepth)).data
  if (read === undefined) return undefined
  const manifests = read.manifests.filter(isOurs)
  const others = read.manifests.filter((entry) => !isOurs(entry))
  return { ...read, manifests, foreign: others.map((entry) => ({ digest: entry.digest, platform: platformOf(entry) })) }
}

const isOurs = (entry: Descriptor | z.output<typeof foreign>): entry is Descriptor => isDigest(entry.digest)

/**
 * T35: a key that stands twice, also in another case, and a key of the format in another case, mean something else to the
 * decoder of Go, and so to whoever pulls the image. Such a document is none.
 */
function readOnce(bytes: Uint8Array, maxDepth: number): unknown {
  const parsed = parseJson(bytes, maxDepth)
  if ('problem' in parsed || parsed.duplicateKey !== undefined) return undefined
  const { value } = parsed
  return typeof value === 'object' && value !== null && [value, ...partsOf(value)].some(isMiscased) ? undefined : value
}

/** Annotations are names of people, whatever their case. */
const partsOf = (value: object): readonly unknown[] =>
  Object.entries(value).flatMap(([key, member]: readonly [string, unknown]) =>
    key === 'annotations'
      ? []
      : Array.isArray(member)
        ? member.flatMap((one: unknown) => [one, platformPart(one)])
        : [member],
  )
const platformPart = (entry: unknown): unknown =>
  typeof entry === 'object' && entry !== null && 'platform' in entry ? entry.platform : undefined

const keysOfTheFormat = new Map(
  [
    'schemaVersion',
    'mediaType',
    'artifactType',
    'config',
    'layers',
    'manifests',
    'subject',
    'digest',
    'size',
    'platform',
    'os',
    'architecture',
    'variant',
    'annotations',
    'urls',
    'data',
  ].map((key) => [folded(key), key]),
)
const isMiscased = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).some((key) => (keysOfTheFormat.get(folded(key)) ?? key) !== key)

/** `linux/arm64/v8`; undefined for descriptors without a real platform (attestations of buildkit say unknown/unknown, T30). */
export function platformOf(entry: Pick<Descriptor, 'platform'>): string | undefined {
  const { platform } = entry
  if (platform === undefined || platform.os === 'unknown' || platform.architecture === 'unknown') return undefined
  return [platform.os, platform.architecture, ...(platform.variant === undefined ? [] : [platform.variant])].join('/')
}
