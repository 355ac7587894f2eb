import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { Digest } from '../core/digest.ts'
import type { Limits } from '../core/limits.ts'
import { type Likeness, type Repeatable, repeatable } from '../core/repeat.ts'
import type { Database } from './database.ts'
import { fromColumn, toColumn } from './digest-column.ts'
import { recordOf } from './records.ts'
import type { Tables } from './tables.ts'

/** An earlier request whose answer is the answer to another one that asks the same. */
export type Same = Pick<Repeatable, 'outcome'> & {
  readonly id: string
  readonly verdicts: readonly Digest[]
  readonly result: Uint8Array
}

type Row = {
  readonly likeness: Buffer
  readonly id: string
  readonly result: Buffer | null
  readonly verdicts: readonly Buffer[] | null
  readonly found: readonly Buffer[] | null
  readonly count: string
  readonly oldest: Date | null
  readonly newest: Date | null
  readonly absent: boolean | null
  readonly failed: boolean | null
}

/**
 * T73: for each likeness the newest request that was examined, if its answer may be given again at `now`. Every byte that
 * the answer stands on is hashed first: what was altered, or is gone, answers nobody.
 */
export async function findSame(
  tx: Transaction<Tables>,
  likenesses: readonly Likeness[],
  now: number,
  limits: Limits,
): Promise<ReadonlyMap<Digest, Same>> {
  const wanted = new Map(
    likenesses.flatMap(({ key, now: standing }) => (standing === undefined ? [] : [[key, standing]])),
  )
  if (wanted.size === 0) return new Map()
  const keys = sql.join([...wanted.keys()].map((key) => sql`(${toColumn(key)}::bytea)`))
  const { rows } = await sql<Row>`
    SELECT asked.likeness, r.id, r.result, v.verdicts, o.*
    FROM (VALUES ${keys}) AS asked (likeness)
    CROSS JOIN LATERAL (
      SELECT id, result FROM meshproof.request
      WHERE likeness = asked.likeness AND state = 'done' AND same_as IS NULL
      ORDER BY done_at DESC LIMIT 1) AS r
    CROSS JOIN LATERAL (
      SELECT array_agg(verdict ORDER BY place) AS verdicts FROM meshproof.request_verdict WHERE request_id = r.id) AS v
    CROSS JOIN LATERAL (
      SELECT count(*) AS count, min(at) AS oldest, max(at) AS newest,
        -- That nothing was seen before is no answer that may be another one in a minute.
        bool_or(outcome = 'absent' AND question !~ '^{"ask":"(sightings|index-of)"') AS absent,
        bool_or(outcome = 'failed') AS failed, array_agg(DISTINCT digest) FILTER (WHERE digest IS NOT NULL) AS found
      FROM meshproof.observation WHERE request_id = r.id) AS o`.execute(tx)
  const good = rows.flatMap((row) => {
    const key = fromColumn(row.likeness)
    const verdicts = (row.verdicts ?? []).map(fromColumn)
    const precedent = { verdicts, result: row.result ?? Buffer.alloc(0), observed: observedIn(row) }
    const standing = wanted.get(key)
    const may = standing && repeatable(precedent, standing, now, limits)
    if (may === undefined) return []
    const standsOn = new Set([...may.standsOn, ...(row.found ?? []).map(fromColumn)])
    return [{ key, same: { id: row.id, outcome: may.outcome, verdicts, result: precedent.result }, standsOn }]
  })
  const altered = await alteredOf(tx, new Set(good.flatMap(({ standsOn }) => [...standsOn])))
  return new Map(good.flatMap(({ key, same, standsOn }) => (standsOn.isDisjointFrom(altered) ? [[key, same]] : [])))
}

const observedIn = ({ count, oldest, newest, absent, failed }: Row) => ({
  count: Number(count),
  oldest: oldest?.getTime() ?? 0,
  newest: newest?.getTime() ?? 0,
  absent: absent === true,
  failed: failed === true,
})

/** Which of these are gone, or no longer what their name says; hashed where they are. */
async function alteredOf(tx: Transaction<Tables>, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
  if (digests.size === 0) return digests
  const named = sql.join([...digests].map(toColumn))
  const { rows } = await sql<{ digest: Buffer; intact: boolean }>`
    SELECT digest, sha256(bytes) = digest AS intact FROM (
      SELECT digest, bytes FROM meshproof.evidence UNION ALL SELECT digest, bytes FROM meshproof.document
      UNION ALL SELECT digest, bytes FROM meshproof.evidence_set UNION ALL SELECT digest, bytes FROM meshproof.verdict
    ) AS kept WHERE digest IN (${named})`.execute(tx)
  const intact = new Set(rows.map(({ digest }) => fromColumn(digest)))
  return new Set([
    ...digests.difference(intact),
    ...rows.flatMap((row) => (row.intact ? [] : [fromColumn(row.digest)])),
  ])
}

/** Each of these requests has the verdicts of the one that it repeats, judged when they were judged. */
export async function keepSame(
  tx: Transaction<Tables>,
  repeats: readonly { readonly id: string; readonly same: Same }[],
): Promise<void> {
  const pairs = sql.join(repeats.map(({ id, same }) => sql`(${id}::uuid, ${same.id}::uuid)`))
  await sql`
    INSERT INTO meshproof.request_verdict (request_id, place, verdict, role, platform, at)
    SELECT pair.id, place, verdict, role, platform, at
    FROM (VALUES ${pairs}) AS pair (id, same) JOIN meshproof.request_verdict ON request_id = pair.same`.execute(tx)
}

/** What the record of a repeated answer says. */
export const repeatedWith = (id: string, { outcome, verdicts, id: sameAs }: Same) => ({
  request: id,
  outcome,
  verdicts,
  sameAs,
})

/**
 * R1: a request that waited while another one that asks the same came to its end is answered by that, at once. False where
 * there is none, where the lease was lost or the request was cancelled.
 */
export async function repeat(
  database: Database,
  lease: { readonly id: string; readonly attempt: number },
  likeness: Likeness,
  now: number,
  limits: Limits,
): Promise<boolean> {
  const isMine = sql<boolean>`id = ${lease.id} AND attempt = ${lease.attempt} AND state = 'running'`
  return (await repeatWhere(database, isMine, likeness, now, limits)) > 0
}

/** The same for those that nobody has taken yet, the oldest first and not all at once. Returns how many there were. */
export async function repeatWaiting(
  database: Database,
  likeness: Likeness,
  now: number,
  limits: Limits,
): Promise<number> {
  const key = toColumn(likeness.key)
  const isWaiting = sql<boolean>`id IN (
    SELECT id FROM meshproof.request WHERE likeness = ${key} AND state = 'queued' AND NOT fresh
    ORDER BY id LIMIT ${limits.batchAtOnce} FOR UPDATE SKIP LOCKED)`
  return repeatWhere(database, isWaiting, likeness, now, limits)
}

/** Those that wait for an answer to the same. */
export async function waitingFor(
  { db }: Database,
  likeness: Digest,
  limit: number,
): Promise<readonly { readonly id: string; readonly attempt: number }[]> {
  return db
    .selectFrom('request')
    .select(['id', 'attempt'])
    .where('likeness', '=', toColumn(likeness))
    .where('state', '=', 'queued')
    .where('fresh', '=', false)
    .orderBy('id')
    .limit(limit)
    .execute()
}

async function repeatWhere(
  database: Database,
  which: RawBuilder<boolean>,
  likeness: Likeness,
  now: number,
  limits: Limits,
): Promise<number> {
  return database.transaction(async (tx) => {
    const same = (await findSame(tx, [likeness], now, limits)).get(likeness.key)
    if (same === undefined) return 0
    const at = new Date()
    const ended = await tx
      .updateTable('request')
      .set({ state: 'done', lease_until: null, error: null, outcome: same.outcome, same_as: same.id, done_at: at })
      .where(which)
      .returning('id')
      .execute()
    if (ended.length === 0) return 0
    await keepSame(
      tx,
      ended.map(({ id }) => ({ id, same })),
    )
    await tx
      .insertInto('record')
      .values(ended.map(({ id }) => recordOf('verdict', repeatedWith(id, same), at.getTime())))
      .execute()
    return ended.length
  }, 'repeat')
}
