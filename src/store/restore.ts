import { sql } from 'kysely'
import { type Digest, digestOf } from '../core/digest.ts'
import { decodeUtf8 } from '../core/json.ts'
import { sealVerdict, type Verdict } from '../core/verdict.ts'
import type { Database } from './database.ts'
import { fromColumn, toColumn } from './digest-column.ts'
import { type Finished, keepVerdicts, project } from './verdicts.ts'

/** Which of these verdicts have a row, and whose bytes are no longer what they were. */
export async function rowsOfVerdicts(
  { db }: Pick<Database, 'db'>,
  verdicts: readonly Digest[],
): Promise<ReadonlyMap<Digest, 'kept' | 'altered'>> {
  if (verdicts.length === 0) return new Map()
  const rows = await db
    .selectFrom('verdict')
    .select(['digest', 'bytes'])
    .where('digest', 'in', verdicts.map(toColumn))
    .execute()
  return new Map(
    rows.map(({ digest: column, bytes }) => {
      const digest = fromColumn(column)
      return [digest, digestOf(bytes) === digest ? 'kept' : 'altered'] as const
    }),
  )
}

/** The rows of verdicts that were judged again to their own bytes, where they are lost or altered. Returns how many were. */
export async function restoreVerdicts(
  database: Database,
  request: string,
  at: number,
  verdicts: Finished['verdicts'],
): Promise<number> {
  const digests = verdicts.map(({ verdict }) => sealVerdict(verdict).digest)
  const rows = await rowsOfVerdicts(database, digests)
  const wrong = digests.filter((digest) => rows.get(digest) !== 'kept')
  if (wrong.length === 0) return 0
  await database.transaction(async (tx) => {
    for (const { verdict } of verdicts) {
      const { digest, bytes } = sealVerdict(verdict)
      if (rows.get(digest) !== 'altered') continue
      await tx.deleteFrom('finding').where('verdict', '=', toColumn(digest)).execute()
      await tx
        .updateTable('verdict')
        .set({ bytes: Buffer.from(bytes), outcome: verdict.outcome })
        .where('digest', '=', toColumn(digest))
        .execute()
      await project(tx, [{ digest, verdict }])
    }
    await keepVerdicts(tx, request, { at, verdicts }, new Date())
    // Whoever was given this answer again came to the same verdicts.
    await sql`
      INSERT INTO meshproof.request_verdict (request_id, place, verdict, role, platform, at)
      SELECT again.id, place, verdict, role, platform, answered.at
      FROM meshproof.request AS again JOIN meshproof.request_verdict AS answered ON answered.request_id = again.same_as
      WHERE again.same_as = ${request}
      ON CONFLICT DO NOTHING`.execute(tx)
  }, 'restore')
  return new Set(wrong).size
}

/** `finding` again from the bytes of the verdicts, in one transaction. Returns how many verdicts were read. */
export async function rebuildFindings(database: Database): Promise<number> {
  return database.transaction(async (tx) => {
    await tx.deleteFrom('finding').execute()
    let after: Buffer = Buffer.alloc(0)
    for (let read = 0; ; ) {
      const rows = await tx
        .selectFrom('verdict')
        .select(['digest', 'bytes'])
        .where('digest', '>', after)
        .orderBy('digest')
        .limit(200)
        .execute()
      const last = rows.at(-1)
      if (last === undefined) return read
      await project(
        tx,
        rows.map(({ digest, bytes }) => ({
          digest: fromColumn(digest),
          verdict: JSON.parse(decodeUtf8(bytes) ?? '') as Verdict,
        })),
      )
      read += rows.length
      after = last.digest
    }
  }, 'rebuild')
}
