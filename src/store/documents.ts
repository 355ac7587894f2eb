import { sql, type Transaction } from 'kysely'
import type { Digest } from '../core/digest.ts'
import type { Json, Sealed } from '../core/json.ts'
import type { Database } from './database.ts'
import { fromColumn, toColumn } from './digest-column.ts'
import { append } from './records.ts'
import type { Tables } from './tables.ts'

export type NamedKind = 'policy' | 'trust'
export type Named = { readonly name: string; readonly digest: Digest; readonly since: Date }

/** What must be there for a name to be given away: nothing, this very document, or whatever is. */
export type Expected = { readonly nothing: true } | { readonly digest: Digest } | undefined

export type Put =
  | { readonly done: 'created' | 'changed' | 'same'; readonly named: Named }
  | { readonly refused: 'missing' | 'other'; readonly current: Digest | undefined }

type Transacting = Transaction<Tables>

/** What a name means; whoever else would give it to something waits until this transaction ends. */
export async function holdName(tx: Transacting, kind: NamedKind, name: string): Promise<Named | undefined> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${kind} ${name}`}, 3))`.execute(tx)
  const newest = await tx
    .selectFrom('document_name')
    .select(['digest', 'since'])
    .where('kind', '=', kind)
    .where('name', '=', name)
    .orderBy('since', 'desc')
    .limit(1)
    .executeTakeFirst()
  return newest && { name, digest: fromColumn(newest.digest), since: newest.since }
}

type Naming = Sealed & {
  readonly kind: NamedKind
  readonly name: string
  readonly newest: Named | undefined
  readonly now: number
  /** What the record says beside it. */
  readonly beside: { readonly [key: string]: Json | undefined }
}

/** The document, its name and the record of it. */
export async function giveName(tx: Transacting, naming: Naming): Promise<Named> {
  const { kind, name, digest, bytes, newest, now, beside } = naming
  // Later than what it takes the place of, whatever the clock says.
  const since = new Date(Math.max(now, (newest?.since.getTime() ?? 0) + 1))
  await tx
    .insertInto('document')
    .values({ digest: toColumn(digest), kind, bytes: Buffer.from(bytes), created_at: since })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .execute()
  await tx
    .insertInto('document_name')
    .values({ kind, name, digest: toColumn(digest), since })
    .execute()
  await append(tx, 'document.named', { document: digest, of: kind, name, ...beside }, since.getTime())
  return { name, digest, since }
}

/** Documents with names: what a name means now, and has meant. */
export class Documents {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** The document, its name and the record of it, at once. Two writers of one name come one after the other. */
  async put(
    kind: NamedKind,
    name: string,
    { digest, bytes }: Sealed,
    expected: Expected,
    by: string | null,
  ): Promise<Put> {
    return this.#database.transaction(async (tx) => {
      const newest = await holdName(tx, kind, name)
      const current = newest?.digest
      if (expected !== undefined) {
        const met = 'nothing' in expected ? current === undefined : current === expected.digest
        if (!met) return { refused: 'other', current }
      } else if (current !== undefined && current !== digest) return { refused: 'missing', current }
      if (newest !== undefined && current === digest) return { done: 'same', named: newest }
      const named = await giveName(tx, { kind, name, digest, bytes, newest, now: Date.now(), beside: { by } })
      return { done: current === undefined ? 'created' : 'changed', named }
    })
  }

  /** What every name means now. */
  async list(kind: NamedKind, limit: number): Promise<readonly Named[]> {
    const rows = await this.#database.db
      .selectFrom('document_name')
      .distinctOn('name')
      .select(['name', 'digest', 'since'])
      .where('kind', '=', kind)
      .orderBy('name')
      .orderBy('since', 'desc')
      .limit(limit)
      .execute()
    return rows.map(({ name, digest, since }) => ({ name, digest: fromColumn(digest), since }))
  }

  /** What one name means and has meant, newest first. */
  async history(kind: NamedKind, name: string, limit: number): Promise<readonly Named[]> {
    const rows = await this.#database.db
      .selectFrom('document_name')
      .select(['name', 'digest', 'since'])
      .where('kind', '=', kind)
      .where('name', '=', name)
      .orderBy('since', 'desc')
      .limit(limit)
      .execute()
    return rows.map((row) => ({ name: row.name, digest: fromColumn(row.digest), since: row.since }))
  }
}
