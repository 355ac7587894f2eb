import { type Expression, type SqlBool, sql } from 'kysely'
import type { Digest } from '../core/digest.ts'
import type { Json } from '../core/json.ts'
import type { Problem } from '../core/request.ts'
import { formatTime } from '../core/time.ts'
import type { VerdictOutcome } from '../core/verdict.ts'
import type { Database } from './database.ts'
import { toColumn } from './digest-column.ts'
import { newId } from './id.ts'
import { append } from './records.ts'
import type { RequestState } from './tables.ts'

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
  readonly idempotency?: { readonly key: string; readonly body: Digest; readonly keepMs: number }
}

export type Created =
  | { readonly id: string; readonly isNew: boolean }
  /** The key was used for another body. */
  | { readonly conflict: true }

export type Lease = {
  readonly id: string
  readonly attempt: number
  readonly tries: number
  readonly spec: Uint8Array
}

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

export const asRow = (row: object): RequestRow => row as RequestRow

/** The rows of `request`: the truth about what was asked for; the queue only carries their ids. */
export class Requests {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** R2: the row, its record and the caller's key stand together or not at all. */
  async create(wanted: NewRequest): Promise<Created> {
    const now = Date.now()
    return this.#database.transaction(async (tx) => {
      const { idempotency, principal } = wanted
      const id = newId(now)
      if (idempotency !== undefined && principal !== null) {
        await tx.deleteFrom('idempotency').where('expires_at', '<', sql<Date>`now()`).execute()
        // Two of one key: the second waits here for the first to commit, and then finds it.
        await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${principal} ${idempotency.key}`}, 0))`.execute(tx)
        const known = await tx
          .selectFrom('idempotency')
          .select(['request_id', 'body_digest'])
          .where('principal_id', '=', principal)
          .where('key', '=', idempotency.key)
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
          subject: wanted.subject,
          policy: wanted.policy,
          state: 'queued',
          due_at: sql`now()`,
          created_at: new Date(now),
        })
        .execute()
      if (idempotency !== undefined && principal !== null)
        await tx
          .insertInto('idempotency')
          .values({
            principal_id: principal,
            key: idempotency.key,
            body_digest: toColumn(idempotency.body),
            request_id: id,
            expires_at: new Date(now + idempotency.keepMs),
          })
          .execute()
      await append(
        tx,
        'request',
        { request: id, principal, spec: JSON.parse(Buffer.from(wanted.spec).toString()) },
        now,
      )
      return { id, isNew: true }
    })
  }

  /** Takes a queued request, or one whose worker has died. The database's clock decides (R9). */
  async claim(id: string, leaseMs: number): Promise<Lease | undefined> {
    const row = await this.#database.db
      .updateTable('request')
      .set({
        state: 'running',
        attempt: sql`attempt + 1`,
        tries: sql`tries + 1`,
        lease_until: sql`now() + make_interval(secs => ${leaseMs / 1000})`,
        progress: null,
      })
      .where('id', '=', id)
      .where(({ or, and, eb }) =>
        or([
          and([eb('state', '=', 'queued'), eb('due_at', '<=', sql<Date>`now()`)]),
          and([eb('state', '=', 'running'), eb('lease_until', '<', sql<Date>`now()`)]),
        ]),
      )
      .returning(['id', 'attempt', 'tries', 'spec'])
      .executeTakeFirst()
    return row
  }

  /** False where the lease was lost, or the request was cancelled. */
  async renew({ id, attempt }: Lease, leaseMs: number, progress: Progress): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.db
      .updateTable('request')
      .set({
        lease_until: sql`now() + make_interval(secs => ${leaseMs / 1000})`,
        progress: JSON.stringify(progress),
      })
      .where('id', '=', id)
      .where('attempt', '=', attempt)
      .where('state', '=', 'running')
      .executeTakeFirst()
    return numUpdatedRows > 0n
  }

  /** A request that cannot be answered as it stands: its problem is its answer. */
  async refuse(lease: Lease, problem: Problem): Promise<void> {
    await this.#end(lease, 'done', problem, 'verdict')
  }

  /** R19: what failed comes again later; after the last attempt it is parked with its error. */
  async fail(lease: Lease, problem: Problem, again: { readonly attempts: number; readonly backoffMs: number }) {
    if (lease.tries >= again.attempts) return this.#end(lease, 'parked', problem, 'request.parked')
    await this.#database.db
      .updateTable('request')
      .set({
        state: 'queued',
        lease_until: null,
        error: JSON.stringify(problem),
        due_at: sql`now() + make_interval(secs => ${(again.backoffMs * 2 ** (lease.tries - 1)) / 1000})`,
      })
      .where('id', '=', lease.id)
      .where('attempt', '=', lease.attempt)
      .where('state', '=', 'running')
      .execute()
  }

  async #end(
    { id, attempt }: Lease,
    state: 'done' | 'parked',
    problem: Problem,
    kind: 'verdict' | 'request.parked',
  ): Promise<void> {
    const now = Date.now()
    await this.#database.transaction(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('request')
        .set({ state, lease_until: null, error: JSON.stringify(problem), done_at: new Date(now) })
        .where('id', '=', id)
        .where('attempt', '=', attempt)
        .where('state', '=', 'running')
        .executeTakeFirst()
      if (numUpdatedRows > 0n) await append(tx, kind, { request: id, problem: problem as unknown as Json }, now)
    })
  }

  /** Cancels what has not ended; false where there was nothing to cancel. */
  async cancel(id: string, principal: string | null): Promise<boolean> {
    return this.#turn(id, ['queued', 'running'], 'cancelled', 'request.cancelled', principal)
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
    })
  }

  /** What should be running and may have no live job: queued and due, or running on a lease that ended. */
  async due(limit: number): Promise<readonly { readonly id: string; readonly attempt: number }[]> {
    return this.#database.db
      .selectFrom('request')
      .select(['id', 'attempt'])
      .where(({ or, and, eb }) =>
        or([
          and([eb('state', '=', 'queued'), eb('due_at', '<=', sql<Date>`now()`)]),
          and([eb('state', '=', 'running'), eb('lease_until', '<', sql<Date>`now()`)]),
        ]),
      )
      .orderBy('due_at')
      .limit(limit)
      .execute()
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

  /** Whether this many wait or run; counts no further (R18). */
  async areOpen(count: number): Promise<boolean> {
    const row = await this.#database.db
      .selectFrom('request')
      .select('id')
      .where('state', 'in', ['queued', 'running'])
      .offset(Math.max(0, count - 1))
      .limit(1)
      .executeTakeFirst()
    return row !== undefined
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
