import { sql } from 'kysely'
import { boundedStore } from '../core/bounded-store.ts'
import { type Digest, digestOf, isDigest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import type { Json } from '../core/json.ts'
import type { Lookups, Remembered } from '../core/lookups.ts'
import type { EvidenceStore } from '../core/observation.ts'
import type { At, Database } from './database.ts'
import { fromColumn, toColumn } from './digest-column.ts'
import { toJsonb, toText } from './text-column.ts'
import { together } from './together.ts'

/**
 * What is written with it need not be on disk when that is said: a crash of the server loses only what can be fetched
 * again, and whatever commits later takes it along, a verdict before all.
 */
const unhurried = sql`set_config('synchronous_commit', 'off', true)`

const bounds = { most: 16, bytes: 8 * 1024 * 1024 }

/** Evidence in the database, by digest; what does not hash to its name is as good as missing. */
export function evidenceStore({ db }: Pick<Database, 'db'>, at?: At): EvidenceStore {
  const get = together(async (digests: readonly Digest[]) => {
    const rows = await db
      .selectFrom('evidence')
      .select(['digest', 'bytes'])
      .where('digest', 'in', [...new Set(digests)].map(toColumn))
      .execute()
    const kept = new Map(rows.map(({ digest, bytes }) => [fromColumn(digest), bytes]))
    return digests.map((digest) => {
      const bytes = kept.get(digest)
      return bytes !== undefined && digestOf(bytes) === digest ? bytes : undefined
    })
  }, bounds)
  type Piece = { readonly digest: Digest; readonly bytes: Uint8Array; readonly mediaType: string }
  const put = together(
    async (pieces: readonly Piece[]) => {
      const rows = inOrder(pieces, ({ digest }) => digest).map(
        ({ digest, bytes, mediaType }) =>
          sql`(${toColumn(digest)}::bytea, ${toText(mediaType)}::text, ${Buffer.from(bytes)}::bytea)`,
      )
      await sql`
        INSERT INTO meshproof.evidence (digest, media_type, bytes, created_at)
        SELECT one.digest, one.media_type, one.bytes, ${new Date()}::timestamptz
        FROM ${unhurried}, (VALUES ${sql.join(rows)}) AS one (digest, media_type, bytes)
        ON CONFLICT (digest) DO NOTHING`.execute(db)
      return pieces
    },
    bounds,
    ({ bytes }) => bytes.length,
  )
  // What was put just now is read in a moment, by whoever judges it.
  const recent = boundedStore(bounds.bytes)
  return {
    get: async (digest) => (await recent.get(digest)) ?? (isDigest(digest) ? get(digest) : undefined),
    async put(bytes, mediaType) {
      at?.('put.before')
      await put({ digest: digestOf(bytes), bytes, mediaType })
      at?.('put.after')
      return recent.put(bytes, mediaType)
    },
  }
}

/** Shared rows are written in the order of their keys, each once: of two the later (T102). */
const inOrder = <T>(all: readonly T[], keyOf: (one: T) => string): readonly T[] =>
  [...new Map(all.map((one) => [keyOf(one), one]))].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)

/** Answers to look-ups, shared by all workers. */
export function lookupTable({ db }: Pick<Database, 'db'>): Lookups {
  const recall = together(async (keys: readonly string[]) => {
    const rows = await db
      .selectFrom('lookup')
      .selectAll()
      .where('key', 'in', [...new Set(keys)])
      .execute()
    const known = new Map(rows.map((row) => [row.key, row]))
    return keys.map((key): Remembered | undefined => {
      const row = known.get(key)
      if (row === undefined) return undefined
      const { digest, media_type: mediaType, detail, at } = row
      return {
        outcome: digest === null || mediaType === null ? { absent: true } : { found: fromColumn(digest), mediaType },
        at: at.getTime(),
        ...(detail !== null && { detail: detail as Readonly<Record<string, Json>> }),
      }
    })
  }, bounds)
  type Answer = Remembered & { readonly key: string }
  const remember = together(async (answers: readonly Answer[]) => {
    const rows = inOrder(answers, ({ key }) => key).map(({ key, outcome, at, detail }) => {
      const found = 'found' in outcome
      const digest = found ? toColumn(outcome.found) : null
      const mediaType = found ? toText(outcome.mediaType) : null
      const told = detail === undefined ? null : toJsonb(detail)
      return sql`(${key}::text, ${digest}::bytea, ${mediaType}::text, ${told}::jsonb, ${new Date(at)}::timestamptz)`
    })
    await sql`
      INSERT INTO meshproof.lookup (key, digest, media_type, detail, at)
      SELECT one.* FROM ${unhurried}, (VALUES ${sql.join(rows)}) AS one
      ON CONFLICT (key) DO UPDATE SET
        digest = excluded.digest, media_type = excluded.media_type, detail = excluded.detail, at = excluded.at`.execute(
      db,
    )
    return answers.map(() => undefined)
  }, bounds)
  return { recall, remember: async (key, what) => remember({ key, ...what }) }
}

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
