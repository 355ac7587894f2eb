import { z } from 'zod'
import { decodeBase64 } from './base64.ts'
import type { Code } from './codes.ts'
import { type Digest, isDigest } from './digest.ts'
import type { Finding, Subject } from './finding.ts'
import type { Json } from './json.ts'
import type { Question } from './observation.ts'
import { parseTime } from './time.ts'
import type { Holds, Inputs, VerdictOutcome } from './verdict.ts'

/** Text of people has a canonical form; half a character has none. */
const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => value.isWellFormed(), 'Unicode without lone surrogates')

/** Request and answer: the API's body and the line of `verify batch` (shapes: "Request and answer"). */
const bytes = z.union([
  z.strictObject({ base64: z.string().refine((text) => decodeBase64(text) !== undefined, 'strict base64') }),
  z.strictObject({ path: z.string().min(1).max(4096) }),
])
export type Bytes = z.output<typeof bytes>
/** Of a release: downloaded by whoever examines. */
const remote = z.strictObject({ url: text(2048) })
const digest = z
  .string()
  .refine(isDigest, 'sha256:<64 lower-case hex>')
  .transform((text) => text as Digest)

const given = z.union([
  z.strictObject({ bundle: bytes }),
  z.strictObject({ signatureManifest: bytes, payloads: z.array(bytes) }),
  z.strictObject({ signatures: bytes }),
  z.strictObject({ attestations: bytes }),
  z.strictObject({ layout: z.string().min(1).max(4096) }),
  z.strictObject({ logEntry: bytes }),
  /** Kong's `security-assets.tar.gz`: read as a stream, so it is a path or an address. */
  z.strictObject({ securityAssets: z.string().min(1).max(4096) }),
])
const remoteGiven = z.union([z.strictObject({ bundle: remote }), z.strictObject({ securityAssets: remote })])
/** What is at hand, and what has to be downloaded first. */
export type GivenAtHand = z.output<typeof given>
export type Given = GivenAtHand | z.output<typeof remoteGiven>

const subject = z.union([
  z.strictObject({ image: text(1024) }),
  z.strictObject({ digest: text(256), name: text(1024).optional() }),
  z.strictObject({ file: z.string().min(1).max(4096) }),
])

export const requestSchema = z.strictObject({
  id: text(1024).optional(),
  subject: z.union([subject, remote]),
  given: z
    .array(z.union([given, remoteGiven]))
    .max(256)
    .optional(),
  /** A profile, a stored document, or the policy itself; the policy's own schema reads the latter. */
  policy: z.union([
    z.strictObject({ profile: z.string().max(128) }),
    z.strictObject({ document: digest }),
    // As it came: an object of the schema's own making would lack the key `__proto__`, and nobody could refuse it (T79).
    z.custom<{ readonly [key: string]: unknown }>(
      (value) => typeof value === 'object' && value !== null && 'requirements' in value,
    ),
  ]),
  trust: z
    .union([z.literal('public-good'), z.strictObject({ document: digest }), z.strictObject({ root: bytes })])
    .optional(),
  signatureRepository: text(512).optional(),
  platform: text(128).optional(),
  at: z
    .string()
    .refine((text) => parseTime(text) !== undefined, 'RFC 3339 time')
    .optional(),
  offline: z.boolean().optional(),
  /** A folder or a program on disk, compared with the archive that is the subject. */
  installed: z.string().min(1).max(4096).optional(),
})
export type Request = z.output<typeof requestSchema>
/** With everything at hand. */
export type RequestAtHand = Omit<Request, 'subject' | 'given'> & {
  readonly subject: z.output<typeof subject>
  readonly given?: readonly GivenAtHand[] | undefined
}

/** RFC 9457, with our stable code. */
export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: Code
  readonly detail?: string
  /** The id under which the log of the service tells more. */
  readonly instance?: string
  readonly parameters?: Readonly<Record<string, Json>>
}

export type Role = 'root' | 'member' | 'artifact'

export type SubjectAnswer = {
  readonly subject: Subject
  readonly role: Role
  readonly platform?: string
  readonly verdictId: Digest
  readonly outcome: VerdictOutcome
  readonly holds: Holds
  readonly inputs: Inputs
  readonly findings: readonly Finding[]
  readonly beside: {
    readonly policy: { readonly name: string; readonly confirmed?: Json }
    readonly trust?: { readonly name: string; readonly age?: string }
    readonly asked: readonly {
      readonly question: Question
      readonly from: string
      readonly at: string
      readonly retryAfter?: string
      readonly detail?: Readonly<Record<string, Json>>
    }[]
    readonly unread: readonly Digest[]
  }
}

/** An answer with verdicts; the other kind says what was wrong with the request itself. */
export type VerdictAnswer = {
  readonly schema: 'urn:meshproof:answer:v1'
  readonly id?: string
  readonly verdict: VerdictOutcome
  readonly at: string
  readonly subjects: readonly SubjectAnswer[]
  readonly versions: Readonly<Record<string, string>>
}
export type Answer =
  | VerdictAnswer
  | { readonly schema: 'urn:meshproof:answer:v1'; readonly id?: string; readonly problem: Problem }
