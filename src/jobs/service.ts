import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import type { Limits } from '../core/limits.ts'
import { allowedRegistries } from '../examine/allowed.ts'
import type { Config } from '../examine/config.ts'
import { keeperOf } from '../examine/keeper.ts'
import type { Shopkeeper } from '../examine/shop.ts'
import { Access } from '../store/access.ts'
import { type Database, openDatabase, type Place } from '../store/database.ts'
import { Documents } from '../store/documents.ts'
import { evidenceStore, keptUnder, lookupTable } from '../store/evidence.ts'
import { migrate, pending } from '../store/migrate.ts'
import { Requests } from '../store/requests.ts'
import { bullQueue, prepareQueue } from './bullmq.ts'
import type { Queue } from './queue.ts'

/** What every process of the service has open: `serve`, `worker`, and both at once. */
export type Service = {
  readonly database: Database
  readonly requests: Requests
  readonly queue: Queue
  readonly keeper: Shopkeeper
  readonly config: Config
  readonly access: Access
  readonly documents: Documents
  /** Whether a registry is on the operator's list. */
  readonly allows: (host: string) => boolean
  readonly limits: Limits
  readonly report: (error: unknown) => void
  /** Puts a committed request into the queue; where that fails, the sweeper will. */
  readonly enqueue: (id: string, attempt?: number) => Promise<void>
  readonly close: () => Promise<void>
}

export type ServiceOptions = {
  readonly place: Place
  readonly redis: string | undefined
  readonly config: Config
  readonly env: Readonly<Record<string, string | undefined>>
  readonly limits: Limits
  /** Whether this process may create tables; else missing ones are an error. */
  readonly migrates: boolean
  readonly report: (error: unknown) => void
}

export async function openService(options: ServiceOptions): Promise<Service> {
  const { place, redis, config, env, limits, report } = options
  const database = await openDatabase(place, limits, report)
  try {
    await prepare(database, options.migrates)
  } catch (error) {
    await database.close().catch(report)
    throw error
  }
  const queue = bullQueue(redis === undefined ? { pool: database.queuePool } : { redis }, report)
  const requests = new Requests(database)
  const allowed = allowedRegistries(config)
  const allows = (host: string) => allowed.has(host)
  const kept = { store: evidenceStore(database), lookups: lookupTable(database), allows }
  const keeper = {
    ...keeperOf(config, env, report, kept),
    document: async (digest: Digest) => (await keptUnder(database, digest))?.bytes,
  }
  return {
    database,
    requests,
    queue,
    keeper,
    config,
    access: new Access(database),
    documents: new Documents(database),
    allows,
    limits,
    report,
    enqueue: async (id, attempt = 0) => {
      await queue.add([{ id, attempt }]).catch(report)
    },
    close: async () => {
      await queue.close().catch(report)
      await keeper.close()
      await database.close()
    },
  }
}

async function prepare(database: Database, migrates: boolean): Promise<void> {
  if (!migrates) {
    const missing = await pending(database)
    if (missing.length > 0)
      throw new Fault('database.pending', { status: 500, parameters: { found: missing.join(', ') } })
    return
  }
  await migrate(database)
  await prepareQueue(database.queuePool)
}
