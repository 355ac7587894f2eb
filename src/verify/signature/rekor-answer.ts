import { z } from 'zod'
import { decodeBase64 } from '../../core/base64.ts'
import { parseJson } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'
import { digestBytes } from './algorithm.ts'
import type { Candidate, EntryMaterial } from './candidate.ts'
import { readEntryBody } from './log-body.ts'

/** What Rekor v1 answers for an entry (openapi.yaml, LogEntry): one object, its key the entry's UUID; or a list of those. */
const hex = z.string().regex(/^[0-9a-f]{64}$/)
const entry = z.object({
  body: z.string(),
  integratedTime: z.number().int(),
  logID: hex,
  logIndex: z.number().int(),
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
const kindOf = z.object({ kind: z.string(), apiVersion: z.string() })

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
  const body = decodeBase64(value.body)
  const inner = body === undefined ? undefined : parseJson(body, limits.jsonDepth)
  const kind = inner === undefined || 'problem' in inner ? undefined : kindOf.safeParse(inner.value).data
  if (body === undefined || kind === undefined) return undefined
  const { signedEntryTimestamp, inclusionProof } = value.verification ?? {}
  const promise = signedEntryTimestamp === undefined ? undefined : decodeBase64(signedEntryTimestamp)
  return {
    logIndex: String(value.logIndex),
    logId: Buffer.from(value.logID, 'hex'),
    kind: kind.kind,
    version: kind.apiVersion,
    integratedTime: String(value.integratedTime),
    body,
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
