import { z } from 'zod'
import { pointerOf } from '../../core/pointer.ts'

/**
 * In-toto's types, derived from the definitions of in-toto/attestation (`spec/v1/*.md`, `protos/in_toto_attestation/v1`).
 * Fields that are unknown do not count (parsing rules: monotonic), and are shown.
 */
export const statementType = 'https://in-toto.io/Statement/v1'
export const statementPayload = 'application/vnd.in-toto+json'

/** T49: no statement about real artifacts comes near these. */
const [mostSubjects, mostDigests] = [1024, 32]

const digestSet = z
  .record(z.string(), z.string())
  .refine((digests) => Object.keys(digests).length <= mostDigests, `at most ${mostDigests} digests`)
const text = z.string().nullish()

export const resourceDescriptor = z.object({
  name: text,
  uri: text,
  digest: digestSet.nullish(),
  content: text,
  downloadLocation: text,
  mediaType: text,
  annotations: z.record(z.string(), z.json()).nullish(),
})
export type ResourceDescriptor = z.output<typeof resourceDescriptor>

/** `_type` is compared by who reads it: there are two that differ in their name only. */
export const statement = z.object({
  _type: z.string(),
  subject: z.array(resourceDescriptor.extend({ digest: digestSet })).max(mostSubjects),
  predicateType: z.string(),
  predicate: z.unknown().optional(),
})
export type Statement = z.output<typeof statement>

export const isStatementType = (type: string): boolean => /^https:\/\/in-toto\.io\/Statement\/v(?:0\.1|1)$/.test(type)

/** Pointers of the fields that a reader left behind: there in what came, and not in what was read. */
export function unknownFields(came: unknown, read: unknown, at: readonly PropertyKey[] = []): readonly string[] {
  if (came === read || typeof came !== 'object' || came === null || typeof read !== 'object' || read === null) return []
  return Object.entries(came).flatMap(([key, value]) =>
    Object.hasOwn(read, key)
      ? unknownFields(value, (read as Readonly<Record<string, unknown>>)[key], [...at, key])
      : [pointerOf([...at, key])],
  )
}
