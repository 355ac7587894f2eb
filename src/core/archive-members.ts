import { z } from 'zod'
import { type Code, isCode } from './codes.ts'
import { type Digest, isDigest } from './digest.ts'
import { type Json, parseJson, type Sealed, seal } from './json.ts'

/** The files of an archive by their hashes, measured in one pass over it; `archive` is the digest of the bytes of that pass. */
export type ArchiveMembers = {
  readonly archive: Digest
  readonly members: readonly { readonly name: string; readonly size: number; readonly digest: Digest }[]
  /** What a release has no need of: names that lead out, links, doubles. */
  readonly oddities: readonly { readonly code: Code; readonly found: string }[]
}

const schema = 'urn:meshproof:archive-members:v1'
const digest = z
  .string()
  .refine(isDigest, 'sha256 digest')
  .transform((text) => text as Digest)
const document = z.strictObject({
  schema: z.literal(schema),
  archive: digest,
  members: z.array(z.strictObject({ name: z.string(), size: z.number().int().nonnegative(), digest })),
  oddities: z.array(
    z.strictObject({
      code: z.custom<Code>((value) => typeof value === 'string' && isCode(value)),
      found: z.string(),
    }),
  ),
})

/** In the order of the names, whatever order the archive has: the same files are the same document. */
export function sealMembers({ archive, members, oddities }: ArchiveMembers): Sealed {
  const sorted = [...members].sort((a, b) => (a.name < b.name ? -1 : 1))
  return seal({ schema, archive, members: sorted, oddities } as unknown as Json)
}

/** A pack may come from anybody. */
export function readMembers(bytes: Uint8Array, maxDepth: number): ArchiveMembers | undefined {
  const parsed = parseJson(bytes, maxDepth)
  return 'problem' in parsed ? undefined : document.safeParse(parsed.value).data
}
