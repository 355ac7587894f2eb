import { AsyncLocalStorage } from 'node:async_hooks'
import { Kysely, PostgresDialect, type PostgresPool, type Transaction } from 'kysely'
import { Fault } from '../core/fault.ts'
import type { Limits } from '../core/limits.ts'
import { lockFolder } from './lock.ts'
import type { Tables } from './tables.ts'
import { isCollision, troubleOf } from './trouble.ts'

/** Where the database is: a folder of ours, or a PostgreSQL server. No folder: in memory, for tests. */
export type Place = { readonly folder: string | undefined } | { readonly url: string }

/** What BullMQ is given: anything like a `pg.Pool` whose sessions look into its schema first. */
export type QueuePool = {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: Record<string, unknown>[] }>
  connect(): Promise<{ query: QueuePool['query']; release(destroy?: boolean): void }>
  end(): Promise<void>
}

export type Database = {
  readonly kind: 'pglite' | 'postgresql'
  readonly db: Kysely<Tables>
  readonly pool: QueuePool
  readonly queuePool: QueuePool
  /**
   * One transaction; within it, only its own handle may be used. It begins again where it met another one, so `work` has
   * no effect but on the database.
   */
  transaction<T>(work: (tx: Transaction<Tables>) => Promise<T>, name?: string): Promise<T>
  close(): Promise<void>
}

/** Told where a process is, at the points between which a crash makes a difference; given by tests only. */
export type At = (point: string) => void

export const schema = 'meshproof'
export const queueSchema = 'bullmq'

export async function openDatabase(
  place: Place,
  limits: Limits,
  onError: (error: unknown) => void,
  at?: At,
): Promise<Database> {
  if ('url' in place) return openServer(place.url, limits, onError, at)
  const lock = place.folder === undefined ? undefined : lockFolder(place.folder)
  try {
    const { PGlitePool } = await import('./pglite.ts')
    const { diskReserveBytes: reserveBytes } = limits
    const disk = place.folder === undefined ? undefined : { folder: place.folder, reserveBytes }
    const pool = await PGlitePool.open(disk, onError)
    // One session for all: our own statements name their schema, BullMQ's do not.
    await pool.query(`SET search_path = ${queueSchema}, public`)
    return databaseOf({ kind: 'pglite', pool, queuePool: pool, limits, at }, async () => {
      await pool.end()
      lock?.release()
    })
  } catch (error) {
    lock?.release()
    throw error
  }
}

async function openServer(
  url: string,
  limits: Limits,
  onError: (error: unknown) => void,
  at: At | undefined,
): Promise<Database> {
  const { default: pg } = await import('pg')
  const common = {
    connectionString: url,
    connectionTimeoutMillis: limits.databaseWaitMs,
    keepAlive: true,
    application_name: 'meshproof',
  }
  const pool = new pg.Pool({ ...common, max: limits.databaseConnections, statement_timeout: limits.statementMs })
  const queuePool = new pg.Pool({
    ...common,
    max: limits.databaseConnections,
    options: `-c search_path=${queueSchema},public`,
  })
  const told = (error: unknown) => onError(troubleOf(error))
  for (const one of [pool, queuePool]) {
    one.setMaxListeners(0)
    // R4: without these, a restart of the server would end us; the pool speaks for idle sessions only.
    one.on('error', told)
    one.on('connect', (session) => session.on('error', told))
  }
  return databaseOf({ kind: 'postgresql', pool, queuePool, limits, at }, async () => {
    await Promise.all([pool.end(), queuePool.end()])
  })
}

type Session = { query: QueuePool['query']; release(destroy?: boolean): void }
type Pools = {
  readonly kind: Database['kind']
  readonly pool: unknown
  readonly queuePool: unknown
  readonly limits: Limits
  readonly at: At | undefined
}

/** Whether code runs inside a transaction: on PGlite another query there would wait for ever, so it throws everywhere. */
type Inside = { state: 'new' | 'open' | 'ended' }

function databaseOf({ kind, pool, queuePool, limits, at }: Pools, end: () => Promise<void>): Database {
  const inside = new AsyncLocalStorage<Inside>()
  const check = () => {
    if (inside.getStore()?.state === 'open') throw new Error('inside a transaction only its own handle may be used')
  }
  const own = pool as QueuePool
  const connect = async () => {
    check()
    const transaction = inside.getStore()
    if (transaction?.state === 'new') transaction.state = 'open'
    return telling(await own.connect().catch(troubled))
  }
  // Kysely asks for no more than this of pool and session.
  const dialect = new PostgresDialect({ pool: { connect, end: own.end.bind(own) } as unknown as PostgresPool })
  const db = new Kysely<Tables>({ dialect })
  const once = async <T>(name: string, work: (tx: Transaction<Tables>) => Promise<T>): Promise<T> => {
    const mine: Inside = { state: 'new' }
    try {
      return await inside.run(mine, () =>
        db.transaction().execute(async (tx) => {
          at?.(`${name}.begun`)
          const result = await work(tx.withSchema(schema) as typeof tx)
          at?.(`${name}.before-commit`)
          return result
        }),
      )
    } finally {
      mine.state = 'ended' // what was started within and goes on afterwards is free again
    }
  }
  return {
    kind,
    db: db.withSchema(schema),
    pool: own,
    queuePool: refusing(queuePool as QueuePool, check),
    async transaction(work, name = 'transaction') {
      check()
      for (let tries = 1; ; tries++)
        try {
          const result = await once(name, work)
          at?.(`${name}.after-commit`)
          return result
        } catch (error) {
          if (tries >= limits.transactionAttempts || !isCollision(error)) throw error
        }
    },
    close: end,
  }
}

function troubled(error: unknown): never {
  throw troubleOf(error)
}

/** A session whose troubles are faults. */
function telling(session: Session): Session {
  return {
    query: async (text, values) => {
      try {
        return await session.query(text, values)
      } catch (error) {
        return troubled(error)
      }
    },
    release: (destroy) => session.release(destroy),
  }
}

/** The queue's pool is the same session on PGlite: it may not be used inside a transaction, either. */
function refusing(pool: QueuePool, check: () => void): QueuePool {
  const bound = new Map<string | symbol, unknown>()
  return new Proxy(pool, {
    get(target, key) {
      const value = Reflect.get(target, key, target) as unknown
      if (typeof value !== 'function') return value
      const known = bound.get(key)
      if (known !== undefined) return known
      const call = (...args: unknown[]): unknown => {
        if (key === 'query' || key === 'connect') check()
        return (value as (...args: unknown[]) => unknown).apply(target, args)
      }
      bound.set(key, call)
      return call
    },
  })
}

/** What a process would rather know before it takes work: `Fault` where the database does not answer. */
export async function ping(database: Database): Promise<void> {
  try {
    await database.pool.query('SELECT 1')
  } catch (error) {
    const trouble = troubleOf(error)
    throw trouble instanceof Fault ? trouble : new Fault('database.unreachable', { status: 503, cause: error })
  }
}
