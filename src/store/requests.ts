import { type Expression, type SqlBool, sql } from 'kysely'
import { Fault } from '../core/fault.ts'
import { decodeUtf8 } from '../core/json.ts'
import { limits as defaultLimits, type Limits } from '../core/limits.ts'
import { formatTime } from '../core/time.ts'
import type { VerdictOutcome } from '../core/verdict.ts'
import type { Database } from './database.ts'
import { fromColumn, toColumn } from './digest-column.ts'
import {
  type Answered,
  type Created,
  keepAll,
  knownKeys,
  type NewOne,
  type NewRequest,
  newOne,
} from './new-requests.ts'
import { append } from './records.ts'
import { findSame, type Same } from './repeats.ts'
import { asRow, openStates, type RequestRow, requestColumns } from './request-row.ts'
import type { RequestState } from './tables.ts'
import { toText } from './text-column.ts'

/** The rows of `request`: the truth about what was asked for; the queue only carries their ids. */
export class Requests {
  readonly #database: Database
  readonly #limits: Limits
  readonly #now: () => number
  #open: { readonly count: number; readonly until: number } | undefined

  constructor(database: Database, limits: Limits = defaultLimits, now: () => number = Date.now) {
    this.#database = database
    this.#limits = limits
    this.#now = now
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

  /** R2: the row, its record and the caller's key stand together or not at all. */
  async create(wanted: NewRequest): Promise<Exclude<Created, { full: unknown }>> {
    const [created] = await this.createAll([wanted])
    if (created === undefined) throw new Error('one request makes one row')
    if ('full' in created) throw tooMany(created.full, this.#limits)
    return created
  }

  /** Many at once, each as if it were alone, and no key twice. */
  async createAll(wanted: readonly NewRequest[]): Promise<readonly Created[]> {
    const time = Date.now()
    const all = wanted.map((one) => newOne(one, time))
    const open = await this.openCount()
    const created = await this.#database.transaction(async (tx) => {
      const known = await knownKeys(tx, wanted)
      const left = all.filter((_, i) => known[i] === undefined)
      const likenesses = left.flatMap(({ likeness, fresh }) => (likeness === undefined || fresh ? [] : [likeness]))
      const same = await findSame(tx, likenesses, this.#now(), this.#limits)
      const sameAs = ({ likeness, fresh }: NewOne) =>
        likeness === undefined || fresh ? undefined : same.get(likeness.key)
      // R18: what could not be worked off anyway is sent away before anything of it is kept.
      const isFull = open >= this.#limits.openRequests
      const kept = left.filter((one) => !isFull || sameAs(one) !== undefined)
      await keepAll(
        tx,
        kept.map((one) => ({ ...one, same: sameAs(one) })),
        time,
      )
      return all.map((one, i): Created => {
        const before = known[i]
        if (before !== undefined) return before
        const done = sameAs(one) !== undefined
        if (isFull && !done) return { full: open }
        const same = sameAs(one)
        const answered = same && answeredBy(same, one, time)
        return { id: one.id, isNew: true, done, follows: false, ...(answered !== undefined && { answered }) }
      })
    }, 'create')
    const follow = await this.#following(all.filter((_, i) => isWaiting(created[i])))
    return created.map((one) => ('id' in one && follow.has(one.id) ? { ...one, follows: true } : one))
  }

  /**
   * Which of these wait behind another one that asks the same. Asked once they are committed: whoever ends that one later
   * finds them, and who has ended it before leaves them to be worked on.
   */
  async #following(all: readonly NewOne[]): Promise<ReadonlySet<string>> {
    const mine = all.filter(({ likeness, fresh }) => likeness !== undefined && !fresh)
    const keys = [...new Set(mine.flatMap(({ likeness }) => likeness?.key ?? []))].map(toColumn)
    if (keys.length === 0) return new Set()
    const rows = await this.#database.db
      .selectFrom('request')
      .select(['likeness', sql<string>`min(id::text)`.as('first')])
      .where('likeness', 'in', keys)
      .where('state', 'in', openStates)
      .groupBy('likeness')
      .execute()
    const first = new Map(
      rows.flatMap(({ likeness, first }) => (likeness === null ? [] : [[fromColumn(likeness), first]])),
    )
    return new Set(mine.flatMap(({ id, likeness }) => (likeness && (first.get(likeness.key) ?? id) < id ? [id] : [])))
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

  /**
   * The bytes of what it came to: the request as it can be judged again, with its answer. What was answered by another
   * request has that one's, under its own id.
   */
  async result(id: string): Promise<Uint8Array | undefined> {
    const row = await this.#database.db
      .selectFrom('request')
      .leftJoin('request as same', 'same.id', 'request.same_as')
      .select([
        'request.result',
        'same.result as other',
        sql<
          string | null
        >`CASE WHEN request.same_as IS NOT NULL THEN convert_from(request.spec, 'UTF8')::json ->> 'id' END`.as('own'),
      ])
      .where('request.id', '=', id)
      .executeTakeFirst()
    if (row?.other == null) return row?.result ?? undefined
    return underId(row.other, row.own)
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

/** What `find` and `result` would give of a request that was answered as it was made. */
function answeredBy({ outcome, result }: Same, { id, spec, subject, policy }: NewOne, time: number): Answered {
  const [at, nothing] = [new Date(time), { attempt: 0, progress: null, error: null }]
  return {
    row: {
      id,
      subject: toText(subject),
      policy: toText(policy),
      state: 'done',
      outcome,
      ...nothing,
      createdAt: at,
      doneAt: at,
    },
    result: underId(result, ownIdOf(spec)),
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

/** Chosen once; whoever forgets keys holds it. */
const forgetting = 7_310_446_020

export const tooMany = (found: number, { openRequests }: Pick<Limits, 'openRequests'>): Fault =>
  new Fault('request.too-many', { status: 503, retryAfter: '30', parameters: { found, expected: openRequests } })

const isWaiting = (one: Created | undefined): boolean => one !== undefined && 'isNew' in one && one.isNew && !one.done

const ownIdOf = (spec: Uint8Array): string | null =>
  (JSON.parse(decodeUtf8(spec) ?? '') as { readonly id?: string }).id ?? null

/** An answer with the id of whoever asks now. */
function underId(result: Uint8Array, own: string | null): Uint8Array {
  type Result = { readonly id?: string; readonly answer: { readonly id?: string } }
  const { id: _, answer, ...rest } = JSON.parse(decodeUtf8(result) ?? '') as Result
  const { id: __, ...answered } = answer
  const id = own === null ? {} : { id: own }
  return Buffer.from(JSON.stringify({ ...id, ...rest, answer: { ...answered, ...id } }))
}
