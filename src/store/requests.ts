import { type Expression, type SqlBool, sql } from 'kysely'
import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import { canonicalJson, decodeUtf8, type Json } from '../core/json.ts'
import { limits as defaultLimits, type Limits } from '../core/limits.ts'
import type { Problem } from '../core/request.ts'
import { formatTime } from '../core/time.ts'
import type { VerdictOutcome } from '../core/verdict.ts'
import type { Database } from './database.ts'
import { toColumn } from './digest-column.ts'
import { newId } from './id.ts'
import { append } from './records.ts'
import type { RequestState } from './tables.ts'
import { toText } from './text-column.ts'

export type Progress = {
  readonly phase: string
  readonly done: number
  readonly total: number | null
  readonly unit: string
}

export type RequestRow = {
  readonly id: string
  readonly subject: string
  readonly policy: string
  readonly state: RequestState
  readonly attempt: number
  readonly outcome: VerdictOutcome | null
  readonly progress: Progress | null
  readonly error: Problem | null
  readonly createdAt: Date
  readonly doneAt: Date | null
}

export type NewRequest = {
  readonly spec: Uint8Array
  readonly subject: string
  readonly policy: string
  readonly principal: string | null
  /** The trace that it belongs to. */
  readonly traceparent?: string | undefined
  readonly idempotency?: { readonly key: string; readonly body: Digest; readonly keepMs: number }
}

export type Created =
  | { readonly id: string; readonly isNew: boolean }
  /** The key was used for another body. */
  | { readonly conflict: true }

export const requestColumns = [
  'id',
  'subject',
  'policy',
  'state',
  'attempt',
  'outcome',
  'progress',
  'error',
  'created_at as createdAt',
  'done_at as doneAt',
] as const

const openStates: readonly RequestState[] = ['queued', 'running']

/** Whether nothing more happens to it by itself. */
export const hasEnded = ({ state }: Pick<RequestRow, 'state'>): boolean => !openStates.includes(state)

export const asRow = (row: object): RequestRow => row as RequestRow

/** The rows of `request`: the truth about what was asked for; the queue only carries their ids. */
export class Requests {
  readonly #database: Database
  readonly #limits: Limits
  #open: { readonly count: number; readonly until: number } | undefined

  constructor(database: Database, limits: Limits = defaultLimits) {
    this.#database = database
    this.#limits = limits
  }

  /** How many requests wait or run, as of a second ago at most; it stops counting where there are too many. */
  async openCount(): Promise<number> {
    const now = performance.now()
    if (this.#open !== undefined && this.#open.until > now) return this.#open.count
    const open = this.#database.db
      .selectFrom('request')
      .select('id')
      .where('state', 'in', openStates)
      .limit(this.#limits.openRequests)
    const row = await this.#database.db
      .selectFrom(open.as('open'))
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .executeTakeFirst()
    this.#open = { count: Number(row?.count ?? 0), until: now + this.#limits.openCountMs }
    return this.#open.count
  }

  /** R18: what could not be worked off anyway is sent away before anything of it is kept. */
  async #admit(): Promise<void> {
    const count = await this.openCount()
    if (count >= this.#limits.openRequests)
      throw new Fault('request.too-many', {
        status: 503,
        retryAfter: '30',
        parameters: { found: count, expected: this.#limits.openRequests },
      })
  }

  /** R2: the row, its record and the caller's key stand together or not at all. */
  async create(wanted: NewRequest): Promise<Created> {
    const now = Date.now()
    const spec = specOf(wanted.spec)
    await this.#admit()
    return this.#database.transaction(async (tx) => {
      const { idempotency, principal } = wanted
      const id = newId(now)
      if (idempotency !== undefined && principal !== null) {
        // Two of one key: the second waits here for the first to commit, and then finds it.
        await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${principal} ${idempotency.key}`}, 0))`.execute(tx)
        const known = await tx
          .selectFrom('idempotency')
          .select(['request_id', 'body_digest'])
          .where('principal_id', '=', principal)
          .where('key', '=', idempotency.key)
          .where('expires_at', '>', sql<Date>`now()`)
          .executeTakeFirst()
        if (known !== undefined)
          return known.body_digest.equals(toColumn(idempotency.body))
            ? { id: known.request_id, isNew: false }
            : { conflict: true }
      }
      await tx
        .insertInto('request')
        .values({
          id,
          kind: 'verification',
          principal_id: principal,
          spec: Buffer.from(wanted.spec),
          subject: toText(wanted.subject),
          policy: toText(wanted.policy),
          state: 'queued',
          due_at: sql`now()`,
          created_at: new Date(now),
          traceparent: wanted.traceparent ?? null,
        })
        .execute()
      if (idempotency !== undefined && principal !== null) {
        const use = {
          body_digest: toColumn(idempotency.body),
          request_id: id,
          expires_at: sql<Date>`now() + make_interval(secs => ${idempotency.keepMs / 1000})`,
        }
        await tx
          .insertInto('idempotency')
          .values({ principal_id: principal, key: idempotency.key, ...use })
          .onConflict((conflict) => conflict.columns(['principal_id', 'key']).doUpdateSet(use)) // one that has expired
          .execute()
      }
      await append(tx, 'request', { request: id, principal, spec }, now)
      return { id, isNew: true }
    }, 'create')
  }

  /** Takes away keys that have expired. One process at a time: two would wait for each other's rows (T102). */
  async forgetKeys(): Promise<void> {
    await this.#database.transaction(async (tx) => {
      const { rows } = await sql<{ mine: boolean }>`SELECT pg_try_advisory_xact_lock(${forgetting}) AS mine`.execute(tx)
      if (rows[0]?.mine !== true) return
      await tx.deleteFrom('idempotency').where('expires_at', '<', sql<Date>`now()`).execute()
    }, 'forget')
  }

  /** Cancels what has not ended; false where there was nothing to cancel. */
  async cancel(id: string, principal: string | null): Promise<boolean> {
    return this.#turn(id, openStates, 'cancelled', 'request.cancelled', principal)
  }

  /** A parked or cancelled request from the start. */
  async retry(id: string, principal: string | null): Promise<boolean> {
    return this.#turn(id, ['parked', 'cancelled'], 'queued', 'request.retried', principal)
  }

  async #turn(
    id: string,
    from: readonly RequestState[],
    to: 'queued' | 'cancelled',
    kind: 'request.cancelled' | 'request.retried',
    principal: string | null,
  ): Promise<boolean> {
    const now = Date.now()
    return this.#database.transaction(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('request')
        .set({
          state: to,
          lease_until: null,
          due_at: sql`now()`,
          done_at: to === 'cancelled' ? new Date(now) : null,
          ...(to === 'queued' && { error: null, tries: 0 }),
        })
        .where('id', '=', id)
        .where('state', 'in', from)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return false
      await append(tx, kind, { request: id, principal }, now)
      return true
    }, kind)
  }

  async find(id: string): Promise<RequestRow | undefined> {
    const row = await this.#database.db
      .selectFrom('request')
      .select(requestColumns)
      .where('id', '=', id)
      .executeTakeFirst()
    return row && asRow(row)
  }

  /** The request as it was sent. */
  async spec(id: string): Promise<Uint8Array | undefined> {
    const row = await this.#database.db.selectFrom('request').select('spec').where('id', '=', id).executeTakeFirst()
    return row?.spec
  }

  /** The bytes of what it came to: the request as it can be judged again, with its answer. */
  async result(id: string): Promise<Uint8Array | undefined> {
    const row = await this.#database.db.selectFrom('request').select('result').where('id', '=', id).executeTakeFirst()
    return row?.result ?? undefined
  }

  /** By keyset, newest first unless asked otherwise: `after` is the last row of the page before. */
  async list(
    filter: Filter,
    limit: number,
    after?: Key,
    order: 'asc' | 'desc' = 'desc',
  ): Promise<readonly RequestRow[]> {
    const beyond = order === 'desc' ? sql`<` : sql`>`
    const rows = await this.#database.db
      .selectFrom('request')
      .select(requestColumns)
      .where(({ and, eb }) => {
        const all: Expression<SqlBool>[] = []
        if (filter.state !== undefined) all.push(eb('state', '=', filter.state))
        if (filter.outcome !== undefined) all.push(eb('outcome', '=', filter.outcome))
        if (filter.subject !== undefined) all.push(eb('subject', 'like', `%${escaped(filter.subject)}%`))
        if (filter.policy !== undefined) all.push(eb('policy', '=', filter.policy))
        if (after !== undefined)
          all.push(
            sql<SqlBool>`(created_at, id) ${beyond} (${new Date(after.createdAt)}::timestamptz, ${after.id}::uuid)`,
          )
        return and(all)
      })
      .orderBy('created_at', order)
      .orderBy('id', order)
      .limit(limit)
      .execute()
    return rows.map(asRow)
  }

  /** How many requests there are of each state and outcome. */
  async counts(): Promise<
    readonly { readonly state: RequestState; readonly outcome: VerdictOutcome | null; readonly count: number }[]
  > {
    const rows = await this.#database.db
      .selectFrom('request')
      .select(['state', 'outcome', ({ fn }) => fn.countAll<string>().as('count')])
      .groupBy(['state', 'outcome'])
      .execute()
    return rows.map(({ state, outcome, count }) => ({ state, outcome, count: Number(count) }))
  }
}

/** Requests that were judged, in the order in which they were asked, after one of them. */
export async function judgedAfter(
  { db }: Pick<Database, 'db'>,
  after: string | undefined,
  limit: number,
): Promise<readonly { readonly id: string; readonly subject: string }[]> {
  return db
    .selectFrom('request')
    .select(['id', 'subject'])
    .where('state', '=', 'done')
    .where('result', 'is not', null)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute()
}

export type Filter = {
  readonly state?: RequestState
  readonly outcome?: VerdictOutcome
  readonly subject?: string
  readonly policy?: string
}
export type Key = { readonly createdAt: string; readonly id: string }
export const keyOf = ({ createdAt, id }: Pick<RequestRow, 'createdAt' | 'id'>): Key => ({
  createdAt: formatTime(createdAt.getTime()),
  id,
})

const escaped = (text: string): string => text.replace(/[\\%_]/g, '\\$&')

/** Chosen once; whoever forgets keys holds it. */
const forgetting = 7_310_446_020

/** The request as its record holds it; what has no canonical form is not taken. */
function specOf(bytes: Uint8Array): Json {
  const text = decodeUtf8(bytes)
  try {
    const spec = JSON.parse(text ?? '') as Json
    canonicalJson(spec)
    return spec
  } catch (cause) {
    const found = cause instanceof TypeError ? cause.message : 'not JSON'
    throw new Fault('request.malformed', { cause, parameters: { found } })
  }
}
