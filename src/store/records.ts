import type { Transaction } from 'kysely'
import { type Json, seal } from '../core/json.ts'
import { formatTime } from '../core/time.ts'
import { newId } from './id.ts'
import type { Tables } from './tables.ts'

export type RecordKind =
  | 'request'
  | 'verdict'
  | 'request.cancelled'
  | 'request.parked'
  | 'request.retried'
  | 'document.named'
  | 'token.made'
  | 'token.revoked'
  | 'link.made'
  | 'signed-in'
  | 'signed-out'
  | 'session.ended'

type What = { readonly [key: string]: Json | undefined }
export type RecordRow = { readonly id: string; readonly kind: RecordKind; readonly bytes: Buffer; readonly at: Date }

/** What must not be rewritten, as its exact bytes. */
export function recordOf(kind: RecordKind, what: What, at: number): RecordRow {
  const { bytes } = seal({ schema: 'urn:meshproof:record:v1', kind, at: formatTime(at), ...what })
  return { id: newId(at), kind, bytes: Buffer.from(bytes), at: new Date(at) }
}

/** Writes what must not be rewritten, in the transaction that does it. */
export async function append(tx: Transaction<Tables>, kind: RecordKind, what: What, at: number): Promise<void> {
  await tx
    .insertInto('record')
    .values(recordOf(kind, what, at))
    .execute()
}
