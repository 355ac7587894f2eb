import { z } from 'zod'
import { type Code, isCode } from '../../core/codes.ts'
import { type Digest, isDigest } from '../../core/digest.ts'
import type { Answer } from '../../core/request.ts'
import type { Inputs, InstalledFile } from '../../core/verdict.ts'

/**
 * An evidence pack: an OCI layout whose blobs are the evidence and every document that the verdicts name, with one manifest
 * that lists them, so that skopeo and oras carry it. `evidence-set.json` stands beside, for people.
 */
export const packType = 'application/vnd.meshproof.pack.v1+json'
export const packSchema = 'urn:meshproof:pack:v1'

/** What was asked and answered, so that it can be asked again. */
export type PackedRequest = {
  readonly id?: string
  readonly subject: PackedSubject
  readonly signatureRepository?: string
  readonly platform?: string
  readonly installed?: readonly InstalledFile[]
  readonly at: string
  readonly evidence: Digest
  readonly policy: Digest
  readonly trust?: { readonly digest: Digest; readonly name: string; readonly asOf?: string }
  readonly verdicts: readonly { readonly inputs: Inputs; readonly verdict: Digest }[]
  readonly answer: Answer
}

export type PackedSubject =
  | { readonly image: string; readonly name: string; readonly as: string }
  | { readonly digest: Digest; readonly name?: string; readonly version?: string }
  | {
      readonly file: string
      readonly digests: { readonly sha256: Digest; readonly sha384?: string; readonly sha512?: string }
    }

export type Pack = { readonly schema: typeof packSchema; readonly requests: readonly PackedRequest[] }

const digest = z
  .string()
  .refine(isDigest, 'sha256 digest')
  .transform((text) => text as Digest)

const text = z.string()
const question = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('resolve'), image: text }),
  z.object({ ask: z.literal('manifest'), image: text, digest }),
  z.object({ ask: z.literal('blob'), image: text, digest, limit: z.number() }),
  z.object({ ask: z.literal('referrers'), image: text, digest }),
  z.object({ ask: z.literal('tag'), image: text, tag: text }),
  z.object({ ask: z.literal('given'), kind: text }),
  z.object({ ask: z.literal('log-entry'), artifact: digest, envelope: digest }),
  z.object({ ask: z.literal('sightings'), image: text }),
  z.object({ ask: z.literal('index-of'), image: text, digest }),
])
const outcome = z.union([
  z.object({ found: digest, mediaType: text }),
  z.object({ absent: z.literal(true) }),
  z.object({ failed: z.custom<Code>((value) => typeof value === 'string' && isCode(value)) }),
])
/** An evidence set of a pack: a pack may come from anybody. */
export const evidenceShape = z.object({ observations: z.array(z.object({ question, outcome })) })

const inputs = z.looseObject({
  subject: z.union([digest, z.object({ unresolved: text })]),
  asked: z.record(z.string(), z.unknown()),
  evidence: digest,
  trust: digest.nullable(),
  policy: digest,
  waivers: digest,
  rules: z.number(),
})

/** Read back with the shape that matters for judging again; the stored answer is compared, never believed. */
export const packShape = z.object({
  schema: z.literal(packSchema),
  requests: z.array(
    z.object({
      id: z.string().optional(),
      subject: z.union([
        z.object({ image: z.string(), name: z.string(), as: z.string() }),
        z.object({
          file: z.string(),
          digests: z.object({ sha256: digest, sha384: z.string().optional(), sha512: z.string().optional() }),
        }),
        z.object({ digest, name: z.string().optional(), version: z.string().optional() }),
      ]),
      signatureRepository: z.string().optional(),
      platform: z.string().optional(),
      installed: z.array(z.object({ program: text, at: text, digest })).optional(),
      at: z.string(),
      evidence: digest,
      policy: digest,
      trust: z.object({ digest, name: z.string(), asOf: z.string().optional() }).optional(),
      verdicts: z.array(z.object({ inputs, verdict: digest })),
      answer: z.looseObject({}),
    }),
  ),
})
