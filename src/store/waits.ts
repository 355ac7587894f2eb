import { sql } from 'kysely'
import type { Waits } from '../core/waits.ts'
import type { Database } from './database.ts'

/** `registry_budget`: a registry or log that told one worker to wait is left alone by all (R10). */
export const waitsTable = ({ db }: Pick<Database, 'db'>): Waits => ({
  async until(host) {
    const row = await db
      .selectFrom('registry_budget')
      .select('until')
      .where('registry', '=', host)
      .where('until', '>', sql<Date>`now()`)
      .executeTakeFirst()
    return row?.until.getTime()
  },
  async note(host, until) {
    await db
      .insertInto('registry_budget')
      .values({ registry: host, until: new Date(until), remaining: 0 })
      .onConflict((conflict) =>
        conflict.column('registry').doUpdateSet({ until: sql<Date>`greatest(registry_budget.until, excluded.until)` }),
      )
      .execute()
  },
})
