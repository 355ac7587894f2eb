import { z } from 'zod'
import { type Digest, isDigest } from './digest.ts'
import { type Json, parseJson, type Sealed, seal } from './json.ts'
import { type LookupQuestion, questionKey } from './observation.ts'
import { readIndex, readManifest } from './oci.ts'
import type { Reference } from './reference.ts'
import { parseTime, type Time } from './time.ts'

/** Where a tag and the look-ups beside it led before, where that is elsewhere than now. The same history is the same bytes. */
export type Sightings = { readonly image: Reference; readonly seen: readonly Sighting[] }
export type Sighting = {
  readonly question: LookupQuestion
  readonly digest: Digest
  readonly since: Time
  /** What stood there, as `heldIn` tells it. */
  readonly held: readonly Digest[]
}

const schema = 'urn:meshproof:sightings:v1'
const digest = z
  .string()
  .refine(isDigest, 'sha256 digest')
  .transform((text) => text as Digest)
const question = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('resolve'), image: z.string() }),
  z.strictObject({ ask: z.literal('tag'), image: z.string(), tag: z.string() }),
  z.strictObject({ ask: z.literal('referrers'), image: z.string(), digest }),
])
const document = z.strictObject({
  schema: z.literal(schema),
  image: z.string(),
  seen: z.array(
    z.strictObject({
      question,
      digest,
      since: z.string().refine((text) => parseTime(text) !== undefined),
      held: z.array(digest),
    }),
  ),
})

export function sealSightings({ image, seen }: Sightings): Sealed {
  const keyed = seen.map((one) => [`${questionKey(one.question)} ${one.since} ${one.digest}`, one] as const)
  const sorted = keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
  return seal({ schema, image, seen: sorted } as unknown as Json)
}

/** A pack may come from anybody. */
export function readSightings(bytes: Uint8Array, maxDepth: number): Sightings | undefined {
  const parsed = parseJson(bytes, maxDepth)
  const read = 'problem' in parsed ? undefined : document.safeParse(parsed.value).data
  return read as Sightings | undefined
}

/** What a look-up found: the layers of a manifest with what is signed of them, the manifests of a list. */
export function heldIn({ ask }: LookupQuestion, bytes: Uint8Array, maxDepth: number): readonly Digest[] {
  if (ask === 'resolve') return []
  if (ask === 'referrers') return (readIndex(bytes, maxDepth)?.manifests ?? []).map(({ digest }) => digest).sort()
  // Signatures of many keys over one payload are layers of one digest: their annotations tell them apart.
  return (readManifest(bytes, maxDepth)?.layers ?? []).map((layer) => seal(layer as unknown as Json).digest).sort()
}
