import { sql } from 'kysely'
import type { Earlier, History } from '../core/history.ts'
import type { Limits } from '../core/limits.ts'
import { type Question, questionKey } from '../core/observation.ts'
import { type Database, schema } from './database.ts'
import { fromColumn, toColumn } from './digest-column.ts'
import { toText } from './text-column.ts'

const observation = sql.table(`${schema}.observation`)

/** Whose observations were brought in: nobody here has seen what they say. */
export const packSource = 'a pack'

/** What was seen before, out of the observations of all requests. */
export const historyOf = ({ db }: Pick<Database, 'db'>, limits: Limits): History => ({
  async earlier(questions) {
    const byKey = new Map(questions.map((question) => [toText(questionKey(question)), question]))
    // From one digest to the next by the index, however often each was observed.
    const { rows } = await sql<{ question: string; digest: Buffer; since: Date }>`
      SELECT asked.question, led.digest, led.since
      FROM unnest(${[...byKey.keys()]}::text[]) AS asked (question)
      CROSS JOIN LATERAL (
        WITH RECURSIVE step AS (
          (SELECT digest, at FROM ${observation}
            WHERE md5(question) = md5(asked.question) AND question = asked.question AND digest IS NOT NULL AND source <> ${packSource}
            ORDER BY digest, at LIMIT 1)
          UNION ALL
          SELECT next.digest, next.at FROM step CROSS JOIN LATERAL (
            SELECT digest, at FROM ${observation}
            WHERE md5(question) = md5(asked.question) AND question = asked.question AND digest > step.digest AND source <> ${packSource}
            ORDER BY digest, at LIMIT 1) AS next
        )
        SELECT digest, at AS since FROM step LIMIT ${limits.sightings}
      ) AS led`.execute(db)
    return rows.flatMap(({ question, digest, since }): readonly Earlier[] => {
      const asked = byKey.get(question)
      return asked === undefined ? [] : [{ question: asked, digest: fromColumn(digest), since: since.getTime() }]
    })
  },

  async indexOf(image, digest) {
    const indexes = await db
      .selectFrom('artifact_member')
      .select('index_digest')
      .where('member', '=', toColumn(digest))
      .orderBy('index_digest')
      .limit(limits.members)
      .execute()
    const keys = indexes.map(({ index_digest }) => {
      const question: Question = { ask: 'manifest', image, digest: fromColumn(index_digest) }
      return toText(questionKey(question))
    })
    if (keys.length === 0) return { absent: true }
    const { rows } = await sql<{ digest: Buffer; media_type: string }>`
      SELECT led.digest, evidence.media_type
      FROM unnest(${keys}::text[]) AS asked (question)
      CROSS JOIN LATERAL (
        SELECT digest, at FROM ${observation}
        WHERE md5(question) = md5(asked.question) AND question = asked.question AND digest IS NOT NULL AND source <> ${packSource}
        ORDER BY at DESC LIMIT 1) AS led
      JOIN ${sql.table(`${schema}.evidence`)} AS evidence ON evidence.digest = led.digest
      ORDER BY led.at DESC, led.digest LIMIT 1`.execute(db)
    const [row] = rows
    return row === undefined ? { absent: true } : { found: fromColumn(row.digest), mediaType: row.media_type }
  },
})
