import { z } from 'zod'
import { type Digest, isDigest } from '../../core/digest.ts'
import type { Answer } from '../../core/request.ts'
import type { Inputs } from '../../core/verdict.ts'

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
      at: z.string(),
      evidence: digest,
      policy: digest,
      trust: z.object({ digest, name: z.string(), asOf: z.string().optional() }).optional(),
      verdicts: z.array(z.object({ inputs: z.looseObject({}), verdict: digest })),
      answer: z.looseObject({}),
    }),
  ),
})
