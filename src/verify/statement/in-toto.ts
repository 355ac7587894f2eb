import { z } from 'zod'
import type { Limits } from '../../core/limits.ts'
import { firstPlace, pointerOf } from '../../core/pointer.ts'

/**
 * in-toto's Statement v0.1 and v1, and the ResourceDescriptor of its subjects, derived from in-toto/attestation
 * (spec/v1/statement.md, spec/v1/resource_descriptor.md, protos/in_toto_attestation/v1). The predicate stays as it was signed.
 */
export type Statement = {
  readonly _type: string
  readonly subject: readonly ResourceDescriptor[]
  readonly predicateType: string
  readonly predicate?: unknown
}
export const statementType = 'https://in-toto.io/Statement/v1'
export const statementTypes = ['https://in-toto.io/Statement/v0.1', statementType] as const
export const statementPayload = 'application/vnd.in-toto+json'

/** Hex characters of the digests that the definitions name (attestation go/v1/resource_descriptor.go); others have a form of their own. */
const hexLengths: Readonly<Record<string, readonly number[]>> = {
  md5: [32],
  sha1: [40],
  sha224: [56],
  sha256: [64],
  sha384: [96],
  sha512: [128],
  sha3_256: [64],
  sha3_384: [96],
  sha3_512: [128],
  gitCommit: [40, 64],
  gitTree: [40, 64],
  gitBlob: [40, 64],
  gitTag: [40, 64],
}
const isDigest = (name: string, value: string): boolean => {
  const lengths = Object.hasOwn(hexLengths, name) ? hexLengths[name] : undefined
  return lengths === undefined ? value !== '' : lengths.includes(value.length) && /^[0-9a-fA-F]+$/.test(value)
}
export const resourceDescriptor = z.object({
  name: z.string().nullish(),
  uri: z.string().nullish(),
  digest: z.record(z.string(), z.string()).nullish(),
  content: z.string().nullish(),
  downloadLocation: z.string().nullish(),
  mediaType: z.string().nullish(),
  annotations: z.record(z.string(), z.json()).nullish(),
})
export type ResourceDescriptor = z.output<typeof resourceDescriptor>

const statement = z.object({
  _type: z.string(),
  subject: z.array(resourceDescriptor),
  predicateType: z.string().min(1),
  predicate: z.unknown().optional(),
})

/** What `Validate` of the definitions asks: something that says which resource is meant, and digests as long as they have to be. */
export function isResourceDescriptor(value: unknown): boolean {
  const { success, data } = resourceDescriptor.safeParse(value)
  if (!success) return false
  const digests = Object.entries(data.digest ?? {})
  return Boolean(data.uri || data.content || digests.length > 0) && digests.every(([name, hex]) => isDigest(name, hex))
}

export type ReadStatement =
  | { readonly statement: Statement; readonly unknown: readonly string[] }
  | { readonly problem: 'malformed'; readonly found: string }
  | { readonly problem: 'too-many'; readonly expected: number }

/** Counts come before shapes: a list of a million subjects is not looked at one by one (T49). */
export function readStatement(value: unknown, limits: Limits): ReadStatement {
  const list = isObject(value) && Array.isArray(value['subject']) ? (value['subject'] as readonly unknown[]) : []
  if (list.length > limits.statementSubjects) return { problem: 'too-many', expected: limits.statementSubjects }
  const crowded = list.some(
    (one) => isObject(one) && isObject(one['digest']) && Object.keys(one['digest']).length > limits.subjectDigests,
  )
  if (crowded) return { problem: 'too-many', expected: limits.subjectDigests }
  const checked = statement.safeParse(value)
  if (!checked.success) return { problem: 'malformed', found: firstPlace(checked.error) }
  return { statement: checked.data, unknown: unknownIn(value, list) }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const known: ReadonlySet<string> = new Set(Object.keys(statement.shape))
const knownOfSubject: ReadonlySet<string> = new Set(Object.keys(resourceDescriptor.shape))

/** Fields that the definitions do not have: signed, shown, and of no effect. */
function unknownIn(value: unknown, subjects: readonly unknown[]): readonly string[] {
  const outside = (object: unknown, names: ReadonlySet<string>, before: string) =>
    isObject(object) ? Object.keys(object).flatMap((key) => (names.has(key) ? [] : [before + key])) : []
  const all = [...outside(value, known, ''), ...subjects.flatMap((one) => outside(one, knownOfSubject, 'subject.'))]
  return [...new Set(all)].sort()
}

/** Pointers of the fields that a reader left behind: there in what came, and not in what was read. */
export function unknownFields(came: unknown, read: unknown, at: readonly PropertyKey[] = []): readonly string[] {
  if (came === read || typeof came !== 'object' || came === null || typeof read !== 'object' || read === null) return []
  return Object.entries(came).flatMap(([key, value]) =>
    Object.hasOwn(read, key)
      ? unknownFields(value, (read as Readonly<Record<string, unknown>>)[key], [...at, key])
      : [pointerOf([...at, key])],
  )
}
