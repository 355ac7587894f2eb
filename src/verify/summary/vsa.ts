import { z } from 'zod'
import { resourceDescriptor } from '../statement/in-toto.ts'

/** SLSA's verification summary (slsa.dev/spec/v1.2/verification_summary; in-toto/attestation `protos/…/vsa/v1`). */
export const summaryType = 'https://slsa.dev/verification_summary/v1'

const text = z.string().min(1).max(4096)
const descriptor = resourceDescriptor.pick({ uri: true, digest: true })

export const verificationSummary = z.object({
  verifier: z.object({ id: text, version: z.record(z.string(), z.string()).nullish() }),
  timeVerified: z.string().nullish(),
  resourceUri: text,
  policy: descriptor,
  inputAttestations: z.array(descriptor).max(1024).nullish(),
  verificationResult: z.string(),
  verifiedLevels: z.array(z.string().max(256)).max(256),
  dependencyLevels: z.record(z.string(), z.union([z.number(), z.string()])).nullish(),
  slsaVersion: z.string().nullish(),
})
export type VerificationSummary = z.output<typeof verificationSummary>
