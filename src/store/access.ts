import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { sql, type Transaction } from 'kysely'
import { formatTime } from '../core/time.ts'
import type { Database } from './database.ts'
import { newId } from './id.ts'
import { append } from './records.ts'
import type { Tables } from './tables.ts'
import { isTrouble } from './trouble.ts'

/** Who may come in. Secrets are made here, shown once, and kept as their SHA-256; the database's clock ends them (R9). */
export type Secret = { readonly secret: string; readonly expiresAt: Date }

export type Visitor = {
  readonly id: string
  readonly name: string
  readonly kind: 'operator' | 'token'
  readonly scopes: readonly string[]
}

export type TokenRow = {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
}

export type SessionRow = {
  readonly id: string
  readonly createdAt: Date
  readonly lastSeenAt: Date
  readonly expiresAt: Date
}

const prefix = 'mp_'
const newSecret = (): string => randomBytes(32).toString('base64url')
const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest()
/** What a session is called where it is listed: enough of its hash to tell it from others, nothing that opens it. */
const nameOf = (hash: Buffer): string => hash.toString('hex').slice(0, 32)
const isSecret = (text: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(text)
const inMs = (ms: number) => sql<Date>`now() + make_interval(secs => ${ms / 1000})`
const now = sql<Date>`now()`

export class Access {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** The one person of an installation that has no other way to tell people apart. */
  async operator(): Promise<string> {
    const known = await this.#operator(this.#database.db)
    if (known !== undefined) return known
    return this.#database.transaction(async (tx) => {
      await sql`SELECT pg_advisory_xact_lock(hashtextextended('meshproof operator', 2))`.execute(tx)
      const there = await this.#operator(tx)
      if (there !== undefined) return there
      const id = newId()
      await tx
        .insertInto('principal')
        .values({ id, kind: 'operator', name: 'operator', created_at: now, disabled_at: null })
        .execute()
      return id
    })
  }

  async #operator(db: Database['db'] | Transaction<Tables>): Promise<string | undefined> {
    const row = await db
      .selectFrom('principal')
      .select('id')
      .where('kind', '=', 'operator')
      .orderBy('created_at')
      .executeTakeFirst()
    return row?.id
  }

  /** A link that signs in once. */
  async makeLink(keepMs: number): Promise<Secret> {
    const principal = await this.operator()
    const secret = newSecret()
    return this.#database.transaction(async (tx) => {
      await tx.deleteFrom('sign_in_link').where('expires_at', '<', now).execute()
      const row = await tx
        .insertInto('sign_in_link')
        .values({
          hash: hashOf(secret),
          principal_id: principal,
          created_at: now,
          expires_at: inMs(keepMs),
          used_at: null,
        })
        .returning('expires_at')
        .executeTakeFirstOrThrow()
      await append(tx, 'link.made', { principal, expires: formatTime(row.expires_at.getTime()) }, Date.now())
      return { secret, expiresAt: row.expires_at }
    })
  }

  /** Uses a link up and opens a session; undefined for one that was used, has expired or was never made. */
  async signIn(link: string, keepMs: number): Promise<Secret | undefined> {
    if (!isSecret(link)) return undefined
    const secret = newSecret()
    return this.#database.transaction(async (tx) => {
      const used = await tx
        .updateTable('sign_in_link')
        .set({ used_at: now })
        .where('hash', '=', hashOf(link))
        .where('used_at', 'is', null)
        .where('expires_at', '>', now)
        .returning('principal_id')
        .executeTakeFirst()
      if (used === undefined) return undefined
      await tx.deleteFrom('session').where('expires_at', '<', now).execute()
      const hash = hashOf(secret)
      const row = await tx
        .insertInto('session')
        .values({
          hash,
          principal_id: used.principal_id,
          created_at: now,
          last_seen_at: now,
          expires_at: inMs(keepMs),
        })
        .returning('expires_at')
        .executeTakeFirstOrThrow()
      await append(tx, 'signed-in', { principal: used.principal_id, session: nameOf(hash) }, Date.now())
      return { secret, expiresAt: row.expires_at }
    })
  }

  /** Whose session this is; its idle time begins anew. */
  async session(
    secret: string,
    idleMs: number,
    touchMs: number,
  ): Promise<(Visitor & { readonly session: string }) | undefined> {
    if (!isSecret(secret)) return undefined
    const hash = hashOf(secret)
    const row = await this.#database.db
      .selectFrom('session')
      .innerJoin('principal', 'principal.id', 'session.principal_id')
      .select([
        'session.hash',
        'principal.id',
        'principal.name',
        'principal.kind',
        sql<boolean>`last_seen_at < now() - make_interval(secs => ${touchMs / 1000})`.as('stale'),
      ])
      .where('session.hash', '=', hash)
      .where('session.expires_at', '>', now)
      .where('session.last_seen_at', '>', sql<Date>`now() - make_interval(secs => ${idleMs / 1000})`)
      .where('principal.disabled_at', 'is', null)
      .executeTakeFirst()
    if (row === undefined || !timingSafeEqual(row.hash, hash)) return undefined
    if (row.stale)
      await inPassing(
        this.#database.db.updateTable('session').set({ last_seen_at: now }).where('hash', '=', hash).execute(),
      )
    return { id: row.id, name: row.name, kind: row.kind, scopes: [], session: nameOf(hash) }
  }

  async sessions(principal: string, idleMs: number): Promise<readonly SessionRow[]> {
    const rows = await this.#database.db
      .selectFrom('session')
      .select(['hash', 'created_at', 'last_seen_at', 'expires_at'])
      .where('principal_id', '=', principal)
      .where('expires_at', '>', now)
      .where('last_seen_at', '>', sql<Date>`now() - make_interval(secs => ${idleMs / 1000})`)
      .orderBy('created_at', 'desc')
      .limit(200)
      .execute()
    return rows.map(({ hash, created_at, last_seen_at, expires_at }) => ({
      id: nameOf(hash),
      createdAt: created_at,
      lastSeenAt: last_seen_at,
      expiresAt: expires_at,
    }))
  }

  /** Ends a session by the name it is listed under; false where there is none. */
  async endSession(principal: string, name: string, kind: 'signed-out' | 'session.ended'): Promise<boolean> {
    if (!/^[0-9a-f]{32}$/.test(name)) return false
    return this.#database.transaction(async (tx) => {
      const ended = await tx
        .deleteFrom('session')
        .where('principal_id', '=', principal)
        .where(sql<boolean>`substring(hash from 1 for 16) = ${Buffer.from(name, 'hex')}`)
        .returning('hash')
        .execute()
      if (ended.length === 0) return false
      await append(tx, kind, { principal, session: name }, Date.now())
      return true
    })
  }

  /** A token for a program, with a principal of its own: what it asked for stays tellable from what others did. */
  async makeToken(
    wanted: { readonly name: string; readonly scopes: readonly string[]; readonly keepMs: number },
    by: string,
  ): Promise<Secret & { readonly id: string }> {
    const secret = prefix + newSecret()
    const id = newId()
    const principal = newId()
    return this.#database.transaction(async (tx) => {
      await tx
        .insertInto('principal')
        .values({ id: principal, kind: 'token', name: wanted.name, created_at: now, disabled_at: null })
        .execute()
      const row = await tx
        .insertInto('api_token')
        .values({
          id,
          hash: hashOf(secret),
          principal_id: principal,
          name: wanted.name,
          scopes: wanted.scopes.join(' '),
          created_at: now,
          expires_at: inMs(wanted.keepMs),
          last_used_at: null,
          revoked_at: null,
        })
        .returning('expires_at')
        .executeTakeFirstOrThrow()
      await append(
        tx,
        'token.made',
        {
          token: id,
          principal,
          by,
          name: wanted.name,
          scopes: wanted.scopes,
          expires: formatTime(row.expires_at.getTime()),
        },
        Date.now(),
      )
      return { id, secret, expiresAt: row.expires_at }
    })
  }

  /** Whose token this is, if it is good now. */
  async token(secret: string, touchMs: number): Promise<Visitor | undefined> {
    if (!secret.startsWith(prefix) || !isSecret(secret.slice(prefix.length))) return undefined
    const hash = hashOf(secret)
    const row = await this.#database.db
      .selectFrom('api_token')
      .innerJoin('principal', 'principal.id', 'api_token.principal_id')
      .select([
        'api_token.hash',
        'api_token.scopes',
        'principal.id',
        'principal.name',
        sql<boolean>`last_used_at IS NULL OR last_used_at < now() - make_interval(secs => ${touchMs / 1000})`.as(
          'stale',
        ),
      ])
      .where('api_token.hash', '=', hash)
      .where('api_token.expires_at', '>', now)
      .where('api_token.revoked_at', 'is', null)
      .where('principal.disabled_at', 'is', null)
      .executeTakeFirst()
    if (row === undefined || !timingSafeEqual(row.hash, hash)) return undefined
    if (row.stale)
      await inPassing(
        this.#database.db.updateTable('api_token').set({ last_used_at: now }).where('hash', '=', hash).execute(),
      )
    return { id: row.id, name: row.name, kind: 'token', scopes: row.scopes.split(' ') }
  }

  async tokens(limit = 500): Promise<readonly TokenRow[]> {
    const rows = await this.#database.db
      .selectFrom('api_token')
      .select(['id', 'name', 'scopes', 'created_at', 'expires_at', 'last_used_at', 'revoked_at'])
      .orderBy('created_at', 'desc')
      .limit(limit)
      .execute()
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      scopes: row.scopes.split(' '),
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      lastUsedAt: row.last_used_at,
      revokedAt: row.revoked_at,
    }))
  }

  async revokeToken(id: string, by: string): Promise<boolean> {
    return this.#database.transaction(async (tx) => {
      const revoked = await tx
        .updateTable('api_token')
        .set({ revoked_at: now })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .returning('id')
        .executeTakeFirst()
      if (revoked === undefined) return false
      await append(tx, 'token.revoked', { token: id, by }, Date.now())
      return true
    })
  }
}

/** R6: when somebody was last seen is not worth a refusal where nothing can be written. */
const inPassing = (write: Promise<unknown>): Promise<unknown> =>
  write.catch((error: unknown) => {
    if (!isTrouble(error)) throw error
  })
