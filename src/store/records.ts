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

/** Writes what must not be rewritten, in the transaction that does it. */
export async function append(
  tx: Transaction<Tables>,
  kind: RecordKind,
  what: { readonly [key: string]: Json | undefined },
  at: number,
): Promise<void> {
  const { bytes } = seal({ schema: 'urn:meshproof:record:v1', kind, at: formatTime(at), ...what })
  await tx
    .insertInto('record')
    .values({ id: newId(at), kind, bytes: Buffer.from(bytes), at: new Date(at) })
    .execute()
}
