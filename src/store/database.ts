import { AsyncLocalStorage } from 'node:async_hooks'
import { join } from 'node:path'
import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import type { Limits } from '../core/limits.ts'
import { lockFolder } from './lock.ts'
import type { Tables } from './tables.ts'

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
  /** One transaction; within it, only its own handle may be used. */
  transaction<T>(work: (tx: Transaction<Tables>) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export const schema = 'meshproof'
export const queueSchema = 'bullmq'

export async function openDatabase(place: Place, limits: Limits, onError: (error: unknown) => void): Promise<Database> {
  if ('url' in place) return openServer(place.url, limits, onError)
  const lock = place.folder === undefined ? undefined : lockFolder(place.folder)
  try {
    const { PGlitePool } = await import('./pglite.ts')
    const pool = await PGlitePool.open(place.folder === undefined ? undefined : join(place.folder, 'pg'))
    // One session for all: our own statements name their schema, BullMQ's do not.
    await pool.query(`SET search_path = ${queueSchema}, public`)
    return databaseOf('pglite', pool, pool, async () => {
      await pool.end()
      lock?.release()
    })
  } catch (error) {
    lock?.release()
    throw error
  }
}

async function openServer(url: string, limits: Limits, onError: (error: unknown) => void): Promise<Database> {
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
  for (const one of [pool, queuePool]) {
    one.setMaxListeners(0)
    one.on('error', onError) // R4: without a listener a restart of the server would end us
  }
  return databaseOf('postgresql', pool, queuePool, async () => {
    await Promise.all([pool.end(), queuePool.end()])
  })
}

type AnyPool = ConstructorParameters<typeof PostgresDialect>[0]['pool'] & QueuePool

function databaseOf(kind: Database['kind'], pool: unknown, queuePool: unknown, end: () => Promise<void>): Database {
  const inside = new AsyncLocalStorage<{ connected: boolean }>()
  const own = guarded(pool as AnyPool, inside)
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: own }) })
  return {
    kind,
    db: db.withSchema(schema),
    pool: pool as QueuePool,
    queuePool: queuePool as QueuePool,
    transaction: (work) =>
      inside.run({ connected: false }, () =>
        db.transaction().execute((tx) => work(tx.withSchema(schema) as typeof tx)),
      ),
    close: end,
  }
}

/** On PGlite a query beside the open transaction would wait for ever; here it throws, and on PostgreSQL as well. */
function guarded(pool: AnyPool, inside: AsyncLocalStorage<{ connected: boolean }>): AnyPool {
  const connect = pool.connect.bind(pool)
  return new Proxy(pool, {
    get(target, key) {
      if (key !== 'connect') return Reflect.get(target, key, target) as unknown
      return () => {
        const transaction = inside.getStore()
        if (transaction?.connected === true) throw new Error('inside a transaction only its own handle may be used')
        if (transaction !== undefined) transaction.connected = true
        return connect()
      }
    },
  })
}
