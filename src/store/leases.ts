import { type ExpressionBuilder, sql } from 'kysely'
import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import type { Json } from '../core/json.ts'
import { limits as defaultLimits, type Limits } from '../core/limits.ts'
import { problemOf } from '../core/problem.ts'
import type { Problem } from '../core/request.ts'
import type { At, Database } from './database.ts'
import { fromColumn } from './digest-column.ts'
import { append } from './records.ts'
import type { Progress } from './request-row.ts'
import type { Tables } from './tables.ts'
import { toJsonb } from './text-column.ts'

export type Lease = {
  readonly id: string
  readonly attempt: number
  readonly tries: number
  readonly spec: Uint8Array
  readonly traceparent: string | null
  /** Whether it is to be looked up anew, whatever is remembered. */
  readonly fresh: boolean
  readonly likeness: Digest | undefined
  /** Whether another request that asks the same has come to an end of late. */
  readonly isLike: boolean
}

/** Who works on which request, and until when. The database's clock decides (R9). */
export class Leases {
  readonly #database: Database
  readonly #limits: Limits
  readonly #at: At | undefined

  constructor(database: Database, limits: Limits = defaultLimits, at?: At) {
    this.#database = database
    this.#limits = limits
    this.#at = at
  }

  /**
   * Takes a queued request, or one whose worker has died. The database's clock decides (R9). R19: what ended its worker
   * as often as it may be tried is parked instead.
   */
  async claim(id: string, leaseMs: number): Promise<Lease | undefined> {
    this.#at?.('claim.before')
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
      .where(isDue)
      .where(({ or, eb }) => or([eb('state', '=', 'queued'), eb('tries', '<', this.#limits.requestAttempts)]))
      .returning(['id', 'attempt', 'tries', 'spec', 'traceparent', 'fresh', 'likeness', this.#isLike])
      .executeTakeFirst()
    this.#at?.('claim.after')
    if (row === undefined) await this.#parkDeadly(id)
    return row && { ...row, likeness: row.likeness === null ? undefined : fromColumn(row.likeness) }
  }

  get #isLike() {
    const lately = this.#limits.rememberFoundMs / 1000
    return sql<boolean>`NOT request.fresh AND EXISTS (
      SELECT FROM meshproof.request AS other
      WHERE other.likeness = request.likeness AND other.state = 'done' AND other.same_as IS NULL
        AND other.done_at > now() - make_interval(secs => ${lately}))`.as('isLike')
  }

  async #parkDeadly(id: string): Promise<void> {
    const attempts = this.#limits.requestAttempts
    const row = await this.#database.db
      .selectFrom('request')
      .select(['attempt', 'tries'])
      .where('id', '=', id)
      .where('state', '=', 'running')
      .where('lease_until', '<', sql<Date>`now()`)
      .where('tries', '>=', attempts)
      .executeTakeFirst()
    if (row === undefined) return
    const died = new Fault('request.worker-died', { status: 500, parameters: { found: row.tries } })
    await this.#end({ id, attempt: row.attempt }, 'parked', problemOf(died), 'request.parked')
  }

  /** Gives back what was begun and is not to blame: the process ends, or the database failed. It is due again at once. */
  async handBack({ id, attempt }: Pick<Lease, 'id' | 'attempt'>): Promise<void> {
    await this.#database.db
      .updateTable('request')
      .set({ state: 'queued', lease_until: null, tries: sql`greatest(tries - 1, 0)`, due_at: sql`now()` })
      .where('id', '=', id)
      .where('attempt', '=', attempt)
      .where('state', '=', 'running')
      .execute()
  }

  /** False where the lease was lost, or the request was cancelled. */
  async renew({ id, attempt }: Lease, leaseMs: number, progress: Progress): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.db
      .updateTable('request')
      .set({
        lease_until: sql`now() + make_interval(secs => ${leaseMs / 1000})`,
        progress: toJsonb(progress),
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
    this.#at?.('fail.before')
    await this.#database.db
      .updateTable('request')
      .set({
        state: 'queued',
        lease_until: null,
        error: toJsonb(problem),
        due_at: sql`now() + make_interval(secs => ${(again.backoffMs * 2 ** (lease.tries - 1)) / 1000})`,
      })
      .where('id', '=', lease.id)
      .where('attempt', '=', lease.attempt)
      .where('state', '=', 'running')
      .execute()
    this.#at?.('fail.after')
  }

  async #end(
    { id, attempt }: Pick<Lease, 'id' | 'attempt'>,
    state: 'done' | 'parked',
    problem: Problem,
    kind: 'verdict' | 'request.parked',
  ): Promise<void> {
    const now = Date.now()
    await this.#database.transaction(
      async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('request')
          .set({ state, lease_until: null, error: toJsonb(problem), done_at: new Date(now) })
          .where('id', '=', id)
          .where('attempt', '=', attempt)
          .where('state', '=', 'running')
          .executeTakeFirst()
        if (numUpdatedRows > 0n) await append(tx, kind, { request: id, problem: problem as unknown as Json }, now)
      },
      state === 'parked' ? 'park' : 'refuse',
    )
  }

  /**
   * What should be running and may have no live job: queued and due, or running on a lease that ended. By id, which is
   * the order in which it was asked for; `after` is the last of the page before.
   */
  async due(limit: number, after?: string): Promise<readonly { readonly id: string; readonly attempt: number }[]> {
    return this.#database.db
      .selectFrom('request')
      .select(['id', 'attempt'])
      .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
      .where(isDue)
      .orderBy('id')
      .limit(limit)
      .execute()
  }
}

/** Queued and due, or running on a lease that ended. */
const isDue = ({ or, and, eb }: ExpressionBuilder<Tables, 'request'>) =>
  or([
    and([eb('state', '=', 'queued'), eb('due_at', '<=', sql<Date>`now()`)]),
    and([eb('state', '=', 'running'), eb('lease_until', '<', sql<Date>`now()`)]),
  ])
