import { sql, type Transaction } from 'kysely'
import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import { decodeUtf8, type Json } from '../core/json.ts'
import type { Likeness } from '../core/repeat.ts'
import { toColumn } from './digest-column.ts'
import { newId } from './id.ts'
import { type RecordRow, recordOf } from './records.ts'
import { keepSame, repeatedWith, type Same } from './repeats.ts'
import type { RequestRow } from './request-row.ts'
import type { Tables } from './tables.ts'
import { toText } from './text-column.ts'

export type NewRequest = {
  readonly spec: Uint8Array
  readonly subject: string
  readonly policy: string
  readonly principal: string | null
  /** The trace that it belongs to. */
  readonly traceparent?: string | undefined
  readonly idempotency?: { readonly key: string; readonly body: Digest; readonly keepMs: number }
  /** What it asks; without it, it is neither answered by an earlier request nor answers a later one. */
  readonly likeness?: Likeness
  /** To be looked up anew, whatever is remembered. */
  readonly fresh?: boolean
}

/** A row that has its answer. */
export type Answered = { readonly row: RequestRow; readonly result: Uint8Array }

export type Created =
  /**
   * `done`: it asks what was answered just now, and has that answer. `follows`: another request that waits or runs asks the
   * same, and whoever ends that one sees to this one, too.
   */
  | {
      readonly id: string
      readonly isNew: boolean
      readonly done: boolean
      readonly follows: boolean
      /** Where it was made and answered just now: what `find` and `result` give, without asking for it. */
      readonly answered?: Answered
    }
  /** The key was used for another body. */
  | { readonly conflict: true }
  /** R18: nothing of it was kept. */
  | { readonly full: number }

export type NewOne = NewRequest & { readonly id: string; readonly record: RecordRow; readonly fresh: boolean }

/** With its id and its record; what has no canonical form is not taken. */
export function newOne(wanted: NewRequest, time: number): NewOne {
  const id = newId(time)
  const { principal, fresh = false } = wanted
  return { ...wanted, id, fresh, record: specRecord(wanted.spec, { request: id, principal }, time) }
}

/** What became of those whose key was used before. */
export async function knownKeys(
  tx: Transaction<Tables>,
  wanted: readonly NewRequest[],
): Promise<readonly (Exclude<Created, { full: unknown }> | undefined)[]> {
  const keyOf = ({ idempotency, principal }: NewRequest): string | undefined =>
    idempotency === undefined || principal === null ? undefined : `${principal} ${idempotency.key}`
  const keys = wanted.flatMap((one) => keyOf(one) ?? [])
  if (keys.length === 0) return []
  // Two of one key: the second waits here for the first to commit, and then finds it. In one order (T102).
  const sorted = sql.join([...new Set(keys)].sort().map((key) => sql`(${key}::text)`))
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM (VALUES ${sorted}) AS one (key)`.execute(tx)
  const pairs = wanted.flatMap(({ idempotency, principal }) =>
    idempotency === undefined || principal === null ? [] : [sql`(${principal}::uuid, ${idempotency.key}::text)`],
  )
  const rows = await tx
    .selectFrom('idempotency')
    .innerJoin('request', 'request.id', 'request_id')
    .select(['idempotency.principal_id', 'key', 'request_id', 'body_digest', 'same_as'])
    .where(sql<boolean>`(idempotency.principal_id, key) IN (${sql.join(pairs)})`)
    .where('expires_at', '>', sql<Date>`now()`)
    .execute()
  const known = new Map(rows.map((row) => [`${row.principal_id} ${row.key}`, row]))
  return wanted.map((one) => {
    const row = known.get(keyOf(one) ?? '')
    if (row === undefined || one.idempotency === undefined) return undefined
    return row.body_digest.equals(toColumn(one.idempotency.body))
      ? { id: row.request_id, isNew: false, done: row.same_as !== null, follows: false }
      : { conflict: true }
  })
}

/** The rows, their records, their keys, and the verdicts of those that are answered already. */
export async function keepAll(
  tx: Transaction<Tables>,
  all: readonly (NewOne & { readonly same: Same | undefined })[],
  time: number,
): Promise<void> {
  if (all.length === 0) return
  const at = new Date(time)
  await tx
    .insertInto('request')
    .values(
      all.map(({ id, principal, spec, subject, policy, traceparent, likeness, fresh, same }) => ({
        id,
        kind: 'verification' as const,
        principal_id: principal,
        spec: Buffer.from(spec),
        subject: toText(subject),
        policy: toText(policy),
        state: same === undefined ? ('queued' as const) : ('done' as const),
        due_at: sql<Date>`now()`,
        created_at: at,
        traceparent: traceparent ?? null,
        likeness: likeness === undefined ? null : toColumn(likeness.key),
        fresh,
        outcome: same?.outcome ?? null,
        same_as: same?.id ?? null,
        done_at: same === undefined ? null : at,
      })),
    )
    .execute()
  const keys = all.flatMap(({ id, principal, idempotency }) =>
    idempotency === undefined || principal === null
      ? []
      : [
          {
            principal_id: principal,
            key: idempotency.key,
            body_digest: toColumn(idempotency.body),
            request_id: id,
            expires_at: sql<Date>`now() + make_interval(secs => ${idempotency.keepMs / 1000})`,
          },
        ],
  )
  if (keys.length > 0)
    await tx
      .insertInto('idempotency')
      .values(keys)
      .onConflict((conflict) =>
        // one that has expired
        conflict.columns(['principal_id', 'key']).doUpdateSet(({ ref }) => ({
          body_digest: ref('excluded.body_digest'),
          request_id: ref('excluded.request_id'),
          expires_at: ref('excluded.expires_at'),
        })),
      )
      .execute()
  const repeats = all.flatMap(({ id, same }) => (same === undefined ? [] : [{ id, same }]))
  if (repeats.length > 0) await keepSame(tx, repeats)
  const answers = repeats.map(({ id, same }) => recordOf('verdict', repeatedWith(id, same), time))
  await tx
    .insertInto('record')
    .values([...all.map(({ record }) => record), ...answers])
    .execute()
}

/** The record of a request, with the request as it was sent. */
function specRecord(bytes: Uint8Array, what: { readonly [key: string]: Json }, time: number): RecordRow {
  const text = decodeUtf8(bytes)
  try {
    return recordOf('request', { ...what, spec: JSON.parse(text ?? '') as Json }, time)
  } catch (cause) {
    const found = cause instanceof TypeError ? cause.message : 'not JSON'
    throw new Fault('request.malformed', { cause, parameters: { found } })
  }
}
