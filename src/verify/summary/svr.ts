import { z } from 'zod'
import { resourceDescriptor } from '../statement/in-toto.ts'

/** In-toto's Simple Verification Result (in-toto/attestation `spec/predicates/svr.md`): what passed, and nothing else. */
export const resultType = 'https://in-toto.io/attestation/svr/v0.2'

const verificationResult = z.object({
  verifier: z.object({ id: z.string().min(1), policies: z.array(resourceDescriptor) }),
  timeCreated: z.string(),
  properties: z.array(z.string()),
})
export type VerificationResult = z.output<typeof verificationResult>
