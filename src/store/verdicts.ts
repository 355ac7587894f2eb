import { sql, type Transaction } from 'kysely'
import { type Digest, digestOf } from '../core/digest.ts'
import { decodeUtf8, type Sealed } from '../core/json.ts'
import type { Asked } from '../core/observation.ts'
import { questionKey } from '../core/observation.ts'
import { parseTime } from '../core/time.ts'
import { type Inputs, sealInputs, sealVerdict, type Verdict, type VerdictOutcome } from '../core/verdict.ts'
import type { Database } from './database.ts'
import { fromColumn, toColumn } from './digest-column.ts'
import { newId } from './id.ts'
import type { Lease } from './leases.ts'
import { append } from './records.ts'
import type { DocumentKind, Tables } from './tables.ts'
import { toJsonb, toText } from './text-column.ts'

/** All that one examination leaves: written in one transaction, or not at all. */
export type Finished = {
  readonly outcome: VerdictOutcome
  readonly at: number
  readonly result: Uint8Array
  readonly evidence: Sealed
  readonly observations: readonly Asked[]
  readonly documents: readonly (Sealed & { readonly kind: DocumentKind })[]
  /** Bytes that the verdicts stand on and that may not have passed through the store, such as what was brought along. */
  readonly pieces: ReadonlyMap<Digest, Uint8Array>
  readonly verdicts: readonly {
    readonly inputs: Inputs
    readonly verdict: Verdict
    readonly role: 'root' | 'member' | 'artifact'
    readonly platform?: string
  }[]
  readonly sighting?: Sighting
}

export type Sighting = {
  readonly registry: string
  readonly repository: string
  readonly tag: string
  readonly digest: Digest
}

/**
 * R1: verdicts, what they stand on, the record and the end of the request, at once. False where the lease was lost or the
 * request was cancelled: then nothing is written, and whoever has the lease comes to the same verdict.
 */
export async function finish(database: Database, lease: Lease, finished: Finished): Promise<boolean> {
  return database.transaction((tx) => finishIn(tx, lease, finished), 'finish')
}

/** The same within a transaction that does more. */
export async function finishIn(
  tx: Transaction<Tables>,
  lease: Pick<Lease, 'id' | 'attempt'>,
  finished: Finished,
): Promise<boolean> {
  const now = new Date()
  const { numUpdatedRows } = await tx
    .updateTable('request')
    .set({
      state: 'done',
      lease_until: null,
      error: null,
      outcome: finished.outcome,
      result: Buffer.from(finished.result),
      done_at: now,
    })
    .where('id', '=', lease.id)
    .where('attempt', '=', lease.attempt)
    .where('state', '=', 'running')
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await keepEvidence(tx, finished, now)
  await keepObservations(tx, lease.id, finished.observations)
  await keepVerdicts(tx, lease.id, finished, now)
  await keepArtifacts(tx, finished, now)
  await append(
    tx,
    'verdict',
    {
      request: lease.id,
      outcome: finished.outcome,
      verdicts: finished.verdicts.map(({ verdict }) => sealVerdict(verdict).digest),
    },
    now.getTime(),
  )
  return true
}

/** Shared rows are written in the order of their keys, so that two of these never wait for each other (T102). */
const byDigest = <T extends { readonly digest: Digest }>(rows: readonly T[]): readonly T[] =>
  [...new Map(rows.map((row) => [row.digest, row])).values()].sort((a, b) => (a.digest < b.digest ? -1 : 1))

async function keepEvidence(tx: Transaction<Tables>, finished: Finished, now: Date): Promise<void> {
  const pieces = byDigest([...finished.pieces].map(([digest, bytes]) => ({ digest, bytes })))
  const there = await heldOf(tx, pieces)
  for (const { digest, bytes } of pieces)
    if (!there.has(digest))
      await tx
        .insertInto('evidence')
        .values({
          digest: toColumn(digest),
          media_type: typeOf(finished.observations, digest),
          bytes: Buffer.from(bytes),
          created_at: now,
        })
        .onConflict((conflict) => conflict.column('digest').doNothing())
        .execute()
  const inputs = finished.verdicts.map((one) => ({ ...sealInputs(one.inputs), kind: 'inputs' as const }))
  const documents = byDigest([...finished.documents, ...inputs])
  if (documents.length > 0)
    await tx
      .insertInto('document')
      .values(
        documents.map(({ digest, kind, bytes }) => ({
          digest: toColumn(digest),
          kind,
          bytes: Buffer.from(bytes),
          created_at: now,
        })),
      )
      .onConflict((conflict) => conflict.column('digest').doNothing())
      .execute()
  await tx
    .insertInto('evidence_set')
    .values({
      digest: toColumn(finished.evidence.digest),
      bytes: Buffer.from(finished.evidence.bytes),
      created_at: now,
    })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .execute()
}

/** Most of it came in through the store, and nothing there is ever taken away while it is used: it need not be sent again. */
async function heldOf(
  tx: Transaction<Tables>,
  pieces: readonly { readonly digest: Digest }[],
): Promise<ReadonlySet<Digest>> {
  if (pieces.length === 0) return new Set()
  const rows = await tx
    .selectFrom('evidence')
    .select('digest')
    .where(
      'digest',
      'in',
      pieces.map(({ digest }) => toColumn(digest)),
    )
    .execute()
  return new Set(rows.map(({ digest }) => fromColumn(digest)))
}

function typeOf(observations: readonly Asked[], digest: Digest): string {
  for (const { outcome } of observations)
    if ('found' in outcome && outcome.found === digest) return toText(outcome.mediaType)
  return 'application/octet-stream'
}

async function keepObservations(tx: Transaction<Tables>, request: string, observations: readonly Asked[]) {
  if (observations.length === 0) return
  await tx
    .insertInto('observation')
    .values(
      observations.map(({ question, outcome, beside }) => ({
        id: newId(),
        request_id: request,
        question: toText(questionKey(question)),
        source: toText(beside.from),
        outcome: 'found' in outcome ? 'found' : 'absent' in outcome ? 'absent' : 'failed',
        code: 'failed' in outcome ? outcome.failed : null,
        digest: 'found' in outcome ? toColumn(outcome.found) : null,
        at: new Date(beside.at),
        retry_after: beside.retryAfter ?? null,
        detail: beside.detail === undefined ? null : toJsonb(beside.detail),
      })),
    )
    .execute()
}

export async function keepVerdicts(
  tx: Transaction<Tables>,
  request: string,
  finished: Pick<Finished, 'at' | 'verdicts'>,
  now: Date,
): Promise<void> {
  const sealed = finished.verdicts.map((one) => ({ ...one, ...sealVerdict(one.verdict) }))
  if (sealed.length === 0) return
  const added = await tx
    .insertInto('verdict')
    .values(
      byDigest(sealed).map(({ digest, bytes, inputs, verdict }) => ({
        digest: toColumn(digest),
        inputs: toColumn(sealInputs(inputs).digest),
        subject: toText(typeof verdict.subject === 'string' ? verdict.subject : verdict.subject.unresolved),
        outcome: verdict.outcome,
        holds_from: timeOf(verdict.holds.from),
        holds_until: timeOf(verdict.holds.until),
        bytes: Buffer.from(bytes),
        created_at: now,
      })),
    )
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .returning('digest')
    .execute()
  const isNew = new Set(added.map(({ digest }) => fromColumn(digest)))
  await project(
    tx,
    byDigest(sealed).filter(({ digest }) => isNew.has(digest)),
  )
  await tx
    .insertInto('request_verdict')
    .values(
      sealed.map(({ digest, role, platform }, place) => ({
        request_id: request,
        place,
        verdict: toColumn(digest),
        role,
        platform: platform === undefined ? null : toText(platform),
        at: new Date(finished.at),
      })),
    )
    .onConflict((conflict) => conflict.columns(['request_id', 'place']).doNothing())
    .execute()
}

const timeOf = (text: string | null): Date | null => {
  const time = text === null ? undefined : parseTime(text)
  return time === undefined ? null : new Date(time)
}

export async function project(
  tx: Transaction<Tables>,
  verdicts: readonly { readonly digest: Digest; readonly verdict: Verdict }[],
): Promise<void> {
  const rows = verdicts.flatMap(({ digest, verdict: { findings } }) =>
    findings.map(({ check, code, outcome, demand, basis, candidate }, place) => ({
      verdict: toColumn(digest),
      place,
      check_id: toText(check),
      code,
      outcome,
      demand: demand === undefined ? null : toText(demand),
      basis,
      candidate: candidate === undefined ? null : toColumn(candidate),
    })),
  )
  // A statement takes 65,535 values.
  for (let i = 0; i < rows.length; i += projectedAtOnce)
    await tx
      .insertInto('finding')
      .values(rows.slice(i, i + projectedAtOnce))
      .execute()
}
const projectedAtOnce = 5_000

async function keepArtifacts(tx: Transaction<Tables>, { verdicts, sighting }: Finished, now: Date): Promise<void> {
  const digests = verdicts.flatMap(({ verdict, inputs }) => [
    ...(typeof verdict.subject === 'string' ? [verdict.subject] : []),
    ...(inputs.asked.root === undefined ? [] : [inputs.asked.root]),
  ])
  const all = [...new Set([...digests, ...(sighting === undefined ? [] : [sighting.digest])])].sort()
  if (all.length > 0)
    await tx
      .insertInto('artifact')
      .values(all.map((digest) => ({ digest: toColumn(digest), first_seen: now })))
      .onConflict((conflict) => conflict.column('digest').doNothing())
      .execute()
  const members = verdicts.flatMap(({ verdict, inputs, role, platform }) => {
    const { root } = inputs.asked
    return role !== 'member' || platform === undefined || root === undefined || typeof verdict.subject !== 'string'
      ? []
      : [{ index_digest: toColumn(root), member: toColumn(verdict.subject), platform: toText(platform) }]
  })
  if (members.length > 0)
    await tx
      .insertInto('artifact_member')
      .values(members)
      .onConflict((conflict) => conflict.columns(['index_digest', 'member']).doNothing())
      .execute()
  if (sighting !== undefined) await keepSighting(tx, sighting)
}

/**
 * A tag is seen where it was last seen: the sighting grows; elsewhere: it has moved, and a new one begins. The database's
 * clock tells when (R9), and never twice the same time for one tag.
 */
async function keepSighting(tx: Transaction<Tables>, sighting: Sighting): Promise<void> {
  const { registry, repository, tag, digest } = sighting
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${registry}/${repository}:${tag}`}, 1))`.execute(tx)
  const now = sql<Date>`date_trunc('milliseconds', clock_timestamp())`
  const newest = await tx
    .selectFrom('tag_sighting')
    .select(['digest', 'first_seen'])
    .where('registry', '=', registry)
    .where('repository', '=', repository)
    .where('tag', '=', tag)
    .orderBy('first_seen', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (newest !== undefined && fromColumn(newest.digest) === digest) {
    await tx
      .updateTable('tag_sighting')
      .set({ last_seen: sql<Date>`greatest(last_seen, ${now})` })
      .where('registry', '=', registry)
      .where('repository', '=', repository)
      .where('tag', '=', tag)
      .where('first_seen', '=', newest.first_seen)
      .execute()
    return
  }
  const next =
    newest === undefined ? now : sql<Date>`greatest(${now}, ${new Date(newest.first_seen.getTime() + 1)}::timestamptz)`
  await tx
    .insertInto('tag_sighting')
    .values({ registry, repository, tag, digest: toColumn(digest), first_seen: next, last_seen: next })
    .execute()
}

export type StoredVerdict = {
  readonly digest: Digest
  readonly inputs: Digest
  readonly bytes: Uint8Array
  readonly verdict: Verdict
  readonly requests: readonly { readonly id: string; readonly at: Date }[]
}

/** A verdict as its exact bytes; undefined where there is none, or where its bytes are no longer what they were. */
export async function findVerdict({ db }: Database, digest: Digest): Promise<StoredVerdict | undefined> {
  const column = toColumn(digest)
  const row = await db.selectFrom('verdict').select(['bytes', 'inputs']).where('digest', '=', column).executeTakeFirst()
  if (row === undefined || digestOf(row.bytes) !== digest) return undefined
  const requests = await db
    .selectFrom('request_verdict')
    .select(['request_id as id', 'at'])
    .where('verdict', '=', column)
    .orderBy('at', 'desc')
    .limit(20)
    .execute()
  const verdict = JSON.parse(decodeUtf8(row.bytes) ?? '') as Verdict // ours: the digest says so
  return { digest, inputs: fromColumn(row.inputs), bytes: row.bytes, verdict, requests }
}
