import { z } from 'zod'
import { decodeBase64 } from '../../core/base64.ts'
import { parseJson } from '../../core/json.ts'
import type { EntryMaterial } from './candidate.ts'

/** An entry of Rekor v1, which its answers (openapi.yaml, LogEntry) and the annotation of cosign 2 spell alike. */
export const rekorEntry = z.object({
  body: z.string(),
  integratedTime: z.number().int(),
  logIndex: z.number().int(),
  logID: z.string().regex(/^[0-9a-f]{64}$/),
})
const kindOf = z.object({ kind: z.string(), apiVersion: z.string() })

/** What such an entry says, its proofs apart; kind and version are those that its own body names. */
export function rekorMaterial(entry: z.output<typeof rekorEntry>, maxDepth: number): EntryMaterial | undefined {
  const body = decodeBase64(entry.body)
  const inner = body === undefined ? undefined : parseJson(body, maxDepth)
  const kind = inner === undefined || 'problem' in inner ? undefined : kindOf.safeParse(inner.value).data
  if (body === undefined || kind === undefined) return undefined
  return {
    logIndex: String(entry.logIndex),
    logId: Buffer.from(entry.logID, 'hex'),
    kind: kind.kind,
    version: kind.apiVersion,
    integratedTime: String(entry.integratedTime),
    body,
  }
}
