import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import type { Limits } from '../core/limits.ts'
import { allowedRegistries } from '../examine/allowed.ts'
import type { Config } from '../examine/config.ts'
import { keeperOf } from '../examine/keeper.ts'
import type { Shopkeeper } from '../examine/shop.ts'
import { Access } from '../store/access.ts'
import { Clock } from '../store/clock.ts'
import { type At, type Database, openDatabase, type Place, ping } from '../store/database.ts'
import { Documents } from '../store/documents.ts'
import { evidenceStore, keptUnder, lookupTable } from '../store/evidence.ts'
import { Leases } from '../store/leases.ts'
import { migrate, pending } from '../store/migrate.ts'
import { Requests } from '../store/requests.ts'
import { waitsTable } from '../store/waits.ts'
import { bullQueue, isQueuePrepared, prepareQueue } from './bullmq.ts'
import type { Queue } from './queue.ts'

/** What every process of the service has open: `serve`, `worker`, and both at once. */
export type Service = {
  readonly database: Database
  readonly requests: Requests
  readonly leases: Leases
  readonly queue: Queue
  readonly keeper: Shopkeeper
  readonly access: Access
  readonly documents: Documents
  /** Whether a registry is on the operator's list. */
  readonly allows: (host: string) => boolean
  readonly limits: Limits
  readonly config: Config
  readonly clock: Clock
  readonly at: At | undefined
  /** Whether the process is about to end: then it is not ready, and says so. */
  readonly life: { leaving: boolean }
  readonly report: (error: unknown) => void
  /** Puts a committed request into the queue; where that fails, the sweeper will. */
  readonly enqueue: (id: string, attempt?: number) => Promise<void>
  readonly enqueueAll: (ids: readonly string[]) => Promise<void>
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
  /** Tests end a process at these points. */
  readonly at?: At
}

export async function openService(options: ServiceOptions): Promise<Service> {
  const { place, redis, config, env, limits, report, at } = options
  const database = await openDatabase(place, limits, report, at)
  let clock: Clock
  try {
    await ping(database)
    await prepare(database, options)
    clock = await Clock.of(database)
  } catch (error) {
    await database.close().catch(report)
    throw error
  }
  const backend = redis === undefined ? { pool: database.queuePool } : { redis }
  const queue = bullQueue(backend, report, { limits, at })
  const requests = new Requests(database, limits, clock.now)
  const leases = new Leases(database, limits, at)
  const allowed = allowedRegistries(config)
  const allows = (host: string) => allowed.has(host)
  const kept = {
    store: evidenceStore(database, at),
    lookups: lookupTable(database),
    allows,
    waits: waitsTable(database),
    now: clock.now,
  }
  const keeper = {
    ...keeperOf(config, env, report, kept),
    document: async (digest: Digest) => (await keptUnder(database, digest))?.bytes,
  }
  return {
    database,
    requests,
    leases,
    queue,
    keeper,
    access: new Access(database),
    documents: new Documents(database),
    allows,
    limits,
    config,
    clock,
    at,
    life: { leaving: false },
    report,
    enqueue: async (id, attempt = 0) => {
      await queue.add([{ id, attempt }]).catch(report)
    },
    enqueueAll: async (ids) => {
      if (ids.length > 0) await queue.add(ids.map((id) => ({ id, attempt: 0 }))).catch(report)
    },
    close: async () => {
      await queue.close().catch(report)
      await keeper.close()
      await database.close()
    },
  }
}

async function prepare(database: Database, { migrates, redis }: ServiceOptions): Promise<void> {
  if (!migrates) {
    const missing = [...(await pending(database))]
    if (redis === undefined && !(await isQueuePrepared(database.pool))) missing.push('the tables of the queue')
    if (missing.length > 0)
      throw new Fault('database.pending', { status: 500, parameters: { found: missing.join(', ') } })
    return
  }
  await migrate(database)
  if (redis === undefined) await prepareQueue(database.queuePool)
}
