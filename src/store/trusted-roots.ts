import { type RawBuilder, sql, type Transaction } from 'kysely'
import { type Digest, digestOf } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import { limits as defaultLimits, type Limits } from '../core/limits.ts'
import { formatTime, parseTime, type Time } from '../core/time.ts'
import type { Database } from './database.ts'
import { fromColumn, toColumn } from './digest-column.ts'
import { giveName, holdName } from './documents.ts'
import type { Tables } from './tables.ts'

/** The name that only the service gives to a trusted root. */
export const publicGood = 'public-good'

export type Root = {
  readonly digest: Digest
  readonly bytes: Uint8Array
  readonly name: string
  readonly asOf?: Time | undefined
}
export type Standing = {
  readonly digest: Digest
  readonly asOf: Date | undefined
  /** When it was last asked for in vain, if that was after. */
  readonly failedAt: Date | undefined
}
/** The right to ask TUF, for a while; a later claim makes an earlier one void. */
export type Claim = { readonly attempt: number; readonly metadata: Uint8Array | undefined }

/**
 * The public-good trusted root of all processes: one row says which document it is and how fresh, and one process at a
 * time refreshes it. Whatever it comes to be is a document under its name, with a record of the change.
 */
export class TrustedRoots {
  readonly #database: Database
  readonly #limits: Limits
  #held: { readonly digest: Digest; readonly bytes: Uint8Array } | undefined

  constructor(database: Database, limits: Limits = defaultLimits) {
    this.#database = database
    this.#limits = limits
  }

  async current(): Promise<Root | undefined> {
    const standing = await this.standing()
    if (standing === undefined) return undefined
    const { digest, asOf } = standing
    if (this.#held?.digest !== digest) this.#held = { digest, bytes: await this.#bytesOf(digest) }
    return {
      digest,
      bytes: this.#held.bytes,
      name: publicGood,
      ...(asOf !== undefined && { asOf: formatTime(asOf.getTime()) }),
    }
  }

  async #bytesOf(digest: Digest): Promise<Uint8Array> {
    const { bytes } = await this.#database.db
      .selectFrom('document')
      .select('bytes')
      .where('digest', '=', toColumn(digest))
      .executeTakeFirstOrThrow()
    if (digestOf(bytes) !== digest) throw new Fault('store.altered', { status: 500, parameters: { found: digest } })
    return bytes
  }

  async standing(): Promise<Standing | undefined> {
    const row = await this.#database.db
      .selectFrom('trusted_root')
      .select(['digest', 'as_of', 'failed_at'])
      .where('name', '=', publicGood)
      .executeTakeFirst()
    return row && { digest: fromColumn(row.digest), asOf: row.as_of ?? undefined, failedAt: row.failed_at ?? undefined }
  }

  /**
   * What is at hand without a network becomes the root where there is none; and where TUF has never confirmed the one
   * there is, a version of ours that brings another one may change it, an older one not back.
   */
  async begin(atHand: () => Promise<Root | undefined>): Promise<void> {
    const known = await this.standing()
    if (known?.asOf !== undefined) return
    const root = await atHand()
    if (root === undefined || root.digest === known?.digest) return
    const { digest, bytes } = root
    const time = root.asOf === undefined ? undefined : parseTime(root.asOf)
    await this.#database.transaction(async (tx) => {
      const newest = await holdName(tx, 'trust', publicGood)
      const row = await tx.selectFrom('trusted_root').select('as_of').where('name', '=', publicGood).executeTakeFirst()
      if (row !== undefined && (row.as_of !== null || (await wasNamed(tx, digest)))) return
      if (newest?.digest !== digest)
        await giveName(tx, { ...naming, digest, bytes, newest, now: await clockOf(tx), beside: by('shipped') })
      const what = { digest: toColumn(digest), as_of: time === undefined ? null : new Date(time) }
      await tx
        .insertInto('trusted_root')
        .values({ name: publicGood, ...what, due_at: sql<Date>`now()` })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(what))
        .execute()
    }, 'trust')
  }

  /** R9: where it is due by the database's clock and nobody is at it, it is ours to refresh until the lease ends. */
  async claim(): Promise<Claim | undefined> {
    const row = await this.#database.db
      .updateTable('trusted_root')
      .set({ attempt: sql`attempt + 1`, lease_until: soon(this.#limits.trustLeaseMs) })
      .where('name', '=', publicGood)
      .where('due_at', '<=', sql<Date>`now()`)
      .where(({ or, eb }) => or([eb('lease_until', 'is', null), eb('lease_until', '<', sql<Date>`now()`)]))
      .returning(['attempt', 'metadata'])
      .executeTakeFirst()
    return row && { attempt: row.attempt, metadata: row.metadata ?? undefined }
  }

  /** TUF said so just now. False where another process has taken over meanwhile: then nothing is changed. */
  async confirm(
    { attempt }: Claim,
    { bytes, metadata }: { readonly bytes: Uint8Array; readonly metadata: Uint8Array },
  ): Promise<boolean> {
    const digest = digestOf(bytes)
    return this.#database.transaction(async (tx) => {
      const newest = await holdName(tx, 'trust', publicGood)
      const ours = await tx
        .selectFrom('trusted_root')
        .select('attempt')
        .where('name', '=', publicGood)
        .where('attempt', '=', attempt)
        .forUpdate()
        .executeTakeFirst()
      if (ours === undefined) return false
      if (newest?.digest !== digest)
        await giveName(tx, { ...naming, digest, bytes, newest, now: await clockOf(tx), beside: by('tuf') })
      await tx
        .updateTable('trusted_root')
        .set({
          digest: toColumn(digest),
          as_of: sql<Date>`now()`,
          failed_at: null,
          due_at: spread(this.#limits.trustEveryMs),
          lease_until: null,
          metadata: Buffer.from(metadata),
        })
        .where('name', '=', publicGood)
        .execute()
      return true
    }, 'trust')
  }

  /** The last good one stays; it is asked for again before long. */
  async failed({ attempt }: Claim): Promise<void> {
    await this.#database.db
      .updateTable('trusted_root')
      .set({ failed_at: sql<Date>`now()`, due_at: spread(this.#limits.trustAgainMs), lease_until: null })
      .where('name', '=', publicGood)
      .where('attempt', '=', attempt)
      .execute()
  }

  /** Nobody failed: the process ends, and the next one may. */
  async handBack({ attempt }: Claim): Promise<void> {
    await this.#database.db
      .updateTable('trusted_root')
      .set({ lease_until: null })
      .where('name', '=', publicGood)
      .where('attempt', '=', attempt)
      .execute()
  }
}

const naming = { kind: 'trust', name: publicGood } as const
const by = (source: 'shipped' | 'tuf') => ({ by: null, source })

const soon = (ms: number): RawBuilder<Date> => sql`now() + make_interval(secs => ${ms / 1000})`
/** So that not all installations ask in the same minute. */
const spread = (ms: number): RawBuilder<Date> =>
  sql`now() + make_interval(secs => ${ms / 1000} * (0.9 + 0.2 * random()))`

async function clockOf(tx: Transaction<Tables>): Promise<number> {
  const { rows } = await sql<{ at: Date }>`SELECT now() AS at`.execute(tx)
  return rows[0]?.at.getTime() ?? 0
}

const wasNamed = async (tx: Transaction<Tables>, digest: Digest): Promise<boolean> =>
  (await tx
    .selectFrom('document_name')
    .select('since')
    .where('kind', '=', 'trust')
    .where('name', '=', publicGood)
    .where('digest', '=', toColumn(digest))
    .limit(1)
    .executeTakeFirst()) !== undefined
