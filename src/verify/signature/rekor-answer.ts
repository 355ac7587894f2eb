import { z } from 'zod'
import { decodeBase64 } from '../../core/base64.ts'
import { parseJson } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'
import { digestBytes } from './algorithm.ts'
import type { Candidate, EntryMaterial } from './candidate.ts'
import { readEntryBody } from './log-body.ts'
import { rekorEntry, rekorMaterial } from './rekor-entry.ts'

/** What Rekor v1 answers for an entry (openapi.yaml, LogEntry): one object, its key the entry's UUID; or a list of those. */
const hex = z.string().regex(/^[0-9a-f]{64}$/)
const entry = rekorEntry.extend({
  verification: z
    .object({
      signedEntryTimestamp: z.string().optional(),
      inclusionProof: z
        .object({
          checkpoint: z.string(),
          hashes: z.array(hex).max(64),
          logIndex: z.number().int(),
          rootHash: hex,
          treeSize: z.number().int(),
        })
        .optional(),
    })
    .optional(),
})
const answer = z.record(z.string(), entry)

export function readRekorAnswer(bytes: Uint8Array, limits: Limits): readonly EntryMaterial[] {
  const parsed = parseJson(bytes, limits.jsonDepth)
  if ('problem' in parsed || parsed.duplicateKey !== undefined) return []
  const list: readonly unknown[] = Array.isArray(parsed.value) ? parsed.value : [parsed.value]
  return list.slice(0, limits.referrers).flatMap((one) => {
    const checked = answer.safeParse(one)
    return checked.success ? Object.values(checked.data).flatMap((value) => toMaterial(value, limits) ?? []) : []
  })
}

function toMaterial(value: z.output<typeof entry>, limits: Limits): EntryMaterial | undefined {
  const material = rekorMaterial(value, limits.jsonDepth)
  if (material === undefined) return undefined
  const { signedEntryTimestamp, inclusionProof } = value.verification ?? {}
  const promise = signedEntryTimestamp === undefined ? undefined : decodeBase64(signedEntryTimestamp)
  return {
    ...material,
    ...(promise !== undefined && { promise }),
    ...(inclusionProof !== undefined && {
      proof: {
        logIndex: String(inclusionProof.logIndex),
        rootHash: Buffer.from(inclusionProof.rootHash, 'hex'),
        treeSize: String(inclusionProof.treeSize),
        hashes: inclusionProof.hashes.map((hash) => Buffer.from(hash, 'hex')),
        checkpoint: inclusionProof.checkpoint,
      },
    }),
  }
}

/** Whether an entry claims to be of this envelope: same payload, same certificate. What it claims is checked afterwards. */
export function isAbout(material: EntryMaterial, candidate: Candidate, maxDepth: number): boolean {
  const body = readEntryBody(material, maxDepth)
  if (typeof body === 'string' || candidate.content.kind !== 'dsse' || !('certificate' in candidate.holder))
    return false
  return (
    body.payloadHash === digestBytes('sha256', candidate.content.payload).toString('hex') &&
    body.verifier?.equals(candidate.holder.certificate) === true
  )
}
