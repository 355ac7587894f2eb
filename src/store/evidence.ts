import { sql } from 'kysely'
import { type Digest, digestOf, isDigest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import type { Json } from '../core/json.ts'
import type { Lookups, Remembered } from '../core/lookups.ts'
import type { EvidenceStore } from '../core/observation.ts'
import type { At, Database } from './database.ts'
import { fromColumn, toColumn } from './digest-column.ts'
import { toJsonb, toText } from './text-column.ts'

/**
 * What is written with it need not be on disk when that is said: a crash of the server loses only what can be fetched
 * again, and whatever commits later takes it along, a verdict before all.
 */
const unhurried = sql`set_config('synchronous_commit', 'off', true)`

/** Evidence in the database, by digest; what does not hash to its name is as good as missing. */
export const evidenceStore = ({ db }: Pick<Database, 'db'>, at?: At): EvidenceStore => ({
  async get(digest) {
    if (!isDigest(digest)) return undefined
    const row = await db
      .selectFrom('evidence')
      .select('bytes')
      .where('digest', '=', toColumn(digest))
      .executeTakeFirst()
    return row !== undefined && digestOf(row.bytes) === digest ? row.bytes : undefined
  },
  async put(bytes, mediaType) {
    const digest = digestOf(bytes)
    at?.('put.before')
    await sql`
      INSERT INTO meshproof.evidence (digest, media_type, bytes, created_at)
      SELECT ${toColumn(digest)}::bytea, ${toText(mediaType)}::text, ${Buffer.from(bytes)}::bytea, ${new Date()}::timestamptz
      FROM ${unhurried} ON CONFLICT (digest) DO NOTHING`.execute(db)
    at?.('put.after')
    return digest
  },
})

/** Answers to look-ups, shared by all workers. */
export const lookupTable = ({ db }: Pick<Database, 'db'>): Lookups => ({
  async recall(key) {
    const row = await db.selectFrom('lookup').selectAll().where('key', '=', key).executeTakeFirst()
    if (row === undefined) return undefined
    const { digest, media_type: mediaType, detail, at } = row
    return {
      outcome: digest === null || mediaType === null ? { absent: true } : { found: fromColumn(digest), mediaType },
      at: at.getTime(),
      ...(detail !== null && { detail: detail as Readonly<Record<string, Json>> }),
    } satisfies Remembered
  },
  async remember(key, { outcome, at, detail }) {
    const found = 'found' in outcome
    const digest = found ? toColumn(outcome.found) : null
    const mediaType = found ? toText(outcome.mediaType) : null
    const told = detail === undefined ? null : toJsonb(detail)
    await sql`
      INSERT INTO meshproof.lookup (key, digest, media_type, detail, at)
      SELECT ${key}::text, ${digest}::bytea, ${mediaType}::text, ${told}::jsonb, ${new Date(at)}::timestamptz
      FROM ${unhurried} ON CONFLICT (key) DO UPDATE SET
        digest = excluded.digest, media_type = excluded.media_type, detail = excluded.detail, at = excluded.at`.execute(
      db,
    )
  },
})

/** The bytes of evidence, documents and evidence sets under their digests; altered ones are told apart from those that are not there. */
export async function keptUnderEach(
  { db }: Pick<Database, 'db'>,
  digests: readonly Digest[],
): Promise<ReadonlyMap<Digest, Uint8Array | 'altered'>> {
  const kept = new Map<Digest, Uint8Array | 'altered'>()
  for (let i = 0; i < digests.length; i += rowsAtOnce) {
    const columns = digests.slice(i, i + rowsAtOnce).map(toColumn)
    const under = (table: 'evidence' | 'document' | 'evidence_set') =>
      db.selectFrom(table).select(['digest', 'bytes']).where('digest', 'in', columns)
    const rows = await under('evidence').unionAll(under('document')).unionAll(under('evidence_set')).execute()
    for (const { digest: column, bytes } of rows) {
      const digest = fromColumn(column)
      if (digestOf(bytes) !== digest) kept.set(digest, 'altered')
      else if (kept.get(digest) !== 'altered') kept.set(digest, bytes)
    }
  }
  return kept
}
const rowsAtOnce = 500

export type Kept = { readonly bytes: Uint8Array; readonly mediaType: string; readonly kind: string }

const json = 'application/json'

/** Whatever the database keeps under a digest: evidence, an evidence set, a document or a verdict. Altered bytes are a fault. */
export async function keptUnder({ db }: Pick<Database, 'db'>, digest: Digest): Promise<Kept | undefined> {
  const column = toColumn(digest)
  const found =
    (await db
      .selectFrom('evidence')
      .select(['bytes', 'media_type as mediaType'])
      .where('digest', '=', column)
      .executeTakeFirst()
      .then((row) => row && { ...row, kind: 'evidence' })) ??
    (await db
      .selectFrom('document')
      .select(['bytes', 'kind'])
      .where('digest', '=', column)
      .executeTakeFirst()
      .then((row) => row && { ...row, mediaType: json })) ??
    (await db
      .selectFrom('evidence_set')
      .select('bytes')
      .where('digest', '=', column)
      .executeTakeFirst()
      .then((row) => row && { ...row, mediaType: json, kind: 'evidence-set' })) ??
    (await db
      .selectFrom('verdict')
      .select('bytes')
      .where('digest', '=', column)
      .executeTakeFirst()
      .then((row) => row && { ...row, mediaType: json, kind: 'verdict' }))
  if (found !== undefined && digestOf(found.bytes) !== digest)
    throw new Fault('store.altered', { status: 500, parameters: { found: digest } })
  return found
}
