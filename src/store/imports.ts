import { sql } from 'kysely'
import type { Database } from './database.ts'
import { newId } from './id.ts'
import type { NewRequest } from './new-requests.ts'
import { append } from './records.ts'
import { type Finished, finishIn } from './verdicts.ts'

/**
 * A request that was answered elsewhere, with all that it stands on: asked and finished in one transaction, so that no
 * worker ever sees it. Undefined where this very request is there already.
 */
export async function keepImported(
  database: Database,
  wanted: Omit<NewRequest, 'idempotency'>,
  finished: Finished,
): Promise<string | undefined> {
  const now = Date.now()
  const spec = Buffer.from(wanted.spec)
  return database.transaction(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${wanted.subject}, 2))`.execute(tx)
    const known = await tx
      .selectFrom('request')
      .select('id')
      .where('subject', '=', wanted.subject)
      .where('spec', '=', spec)
      .executeTakeFirst()
    if (known !== undefined) return undefined
    const id = newId(now)
    const at = new Date(now)
    await tx
      .insertInto('request')
      .values({
        id,
        kind: 'verification',
        principal_id: wanted.principal,
        spec,
        subject: wanted.subject,
        policy: wanted.policy,
        state: 'running',
        attempt: 1,
        tries: 1,
        due_at: at,
        lease_until: at,
        created_at: at,
      })
      .execute()
    await append(tx, 'request', { request: id, principal: wanted.principal, spec: JSON.parse(spec.toString()) }, now)
    await finishIn(tx, { id, attempt: 1 }, finished)
    return id
  })
}
