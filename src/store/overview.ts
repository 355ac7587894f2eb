import { sql } from 'kysely'
import type { VerdictOutcome } from '../core/verdict.ts'
import type { Database } from './database.ts'
import { asRow, type RequestRow, requestColumns } from './request-row.ts'

/**
 * What somebody should look at: rejected, then inconclusive, then parked or refused, each newest first; and nothing newer
 * about the same subject under the same policy.
 */
export async function needsAttention({ db }: Pick<Database, 'db'>, limit: number): Promise<readonly RequestRow[]> {
  const rows = await db
    .selectFrom('request')
    .select(requestColumns)
    .where(({ or, and, eb }) =>
      or([
        eb('outcome', 'in', ['rejected', 'inconclusive']),
        eb('state', '=', 'parked'),
        and([eb('state', '=', 'done'), eb('outcome', 'is', null)]),
      ]),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('request as newer')
            .select('newer.id')
            .whereRef('newer.subject', '=', 'request.subject')
            .whereRef('newer.policy', '=', 'request.policy')
            .where('newer.state', 'in', ['done', 'parked'])
            .where(sql<boolean>`(newer.created_at, newer.id) > (request.created_at, request.id)`),
        ),
      ),
    )
    .orderBy(sql`CASE outcome WHEN 'rejected' THEN 0 WHEN 'inconclusive' THEN 1 ELSE 2 END`)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(asRow)
}

/** Names of the policies under which something was asked, for a filter. */
export async function policiesAsked({ db }: Pick<Database, 'db'>, limit: number): Promise<readonly string[]> {
  const rows = await db.selectFrom('request').select('policy').distinct().orderBy('policy').limit(limit).execute()
  return rows.map(({ policy }) => policy)
}

export type Day = { readonly day: string; readonly outcome: VerdictOutcome; readonly count: number }

/** How many verifications ended in each outcome, for each day (UTC) since a time. */
export async function outcomesByDay({ db }: Pick<Database, 'db'>, since: Date): Promise<readonly Day[]> {
  const day = sql<string>`to_char(done_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')`
  const rows = await db
    .selectFrom('request')
    .select(['outcome', day.as('day'), ({ fn }) => fn.countAll<string>().as('count')])
    .where('done_at', '>=', since)
    .where('outcome', 'is not', null)
    .groupBy(['outcome', day])
    .execute()
  return rows.flatMap(({ outcome, day: on, count }) =>
    outcome === null ? [] : [{ day: on, outcome, count: Number(count) }],
  )
}
