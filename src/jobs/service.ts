import type { Report } from '../core/cause.ts'
import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import type { Limits } from '../core/limits.ts'
import type { Asked, Question } from '../core/observation.ts'
import { allowedRegistries } from '../examine/allowed.ts'
import type { Config } from '../examine/config.ts'
import { keeperOf, rootRefresher } from '../examine/keeper.ts'
import type { Shopkeeper } from '../examine/shop.ts'
import { Access } from '../store/access.ts'
import { Clock } from '../store/clock.ts'
import { type At, type Database, openDatabase, type Place, ping } from '../store/database.ts'
import { Documents } from '../store/documents.ts'
import { evidenceStore, keptUnder, lookupTable } from '../store/evidence.ts'
import { historyOf } from '../store/history.ts'
import { Leases } from '../store/leases.ts'
import { migrate, pending } from '../store/migrate.ts'
import { Requests } from '../store/requests.ts'
import { TrustedRoots } from '../store/trusted-roots.ts'
import { waitsTable } from '../store/waits.ts'
import { bullQueue, isQueuePrepared, prepareQueue } from './bullmq.ts'
import type { Queue } from './queue.ts'
import { Tallies } from './tally.ts'
import { type Tracing, untraced } from './tracing.ts'
import type { RefreshRoot } from './trust.ts'

/** What every process of the service has open: `serve`, `worker`, and both at once. */
export type Service = {
  readonly database: Database
  readonly requests: Requests
  readonly leases: Leases
  readonly queue: Queue
  readonly keeper: Shopkeeper
  readonly access: Access
  readonly documents: Documents
  /** The public-good root, of which the database has one for all processes. */
  readonly roots: TrustedRoots
  readonly refreshRoot: RefreshRoot
  readonly tallies: Tallies
  readonly tracing: Tracing
  /** Whether a registry is on the operator's list. */
  readonly allows: (host: string) => boolean
  /** Whether files of releases may be downloaded from a host. */
  readonly allowsRelease: (host: string) => boolean
  readonly limits: Limits
  readonly config: Config
  readonly clock: Clock
  readonly at: At | undefined
  /** Whether the process is about to end: then it is not ready, and says so. */
  readonly life: { leaving: boolean }
  readonly report: Report
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
  readonly report: Report
  /** Default: nothing is traced. */
  readonly tracing?: Tracing
  /** The TUF root to begin with; another one than Sigstore's only in tests. */
  readonly tufRoot?: Uint8Array
  /** Tests end a process at these points. */
  readonly at?: At
}

export async function openService(options: ServiceOptions): Promise<Service> {
  const { place, redis, config, env, limits, report, at } = options
  const database = await openDatabase(place, limits, report, at)
  const allowed = allowedRegistries(config)
  const allows = (host: string) => allowed.has(host)
  const releases = new Set(config.releases)
  const allowsRelease = (host: string) => releases.has(host)
  const tallies = new Tallies()
  const roots = new TrustedRoots(database, limits)
  const opened = async () => {
    await ping(database)
    await prepare(database, options)
    const clock = await Clock.of(database)
    const kept = {
      store: evidenceStore(database, at),
      lookups: lookupTable(database),
      allows,
      allowsRelease,
      waits: waitsTable(database),
      now: clock.now,
      limits,
      exchanged: tallies.exchanged.bind(tallies),
    }
    const own = keeperOf(config, env, report, kept)
    await roots.begin(() => own.publicGood(true))
    return { clock, own }
  }
  const { clock, own } = await opened().catch(async (error: unknown) => {
    await database.close().catch(report)
    throw error
  })
  const backend = redis === undefined ? { pool: database.queuePool } : { redis }
  const queue = bullQueue(backend, inQueue(report), { limits, at })
  const keeper = {
    ...own,
    history: historyOf(database, limits),
    publicGood: () => roots.current(),
    network: async (typed: readonly string[]) => {
      const reach = await own.network(typed)
      return { ...reach, log: counted(reach.log, tallies), registry: counted(reach.registry, tallies) }
    },
    document: async (digest: Digest) => (await keptUnder(database, digest))?.bytes,
  }
  return {
    database,
    requests: new Requests(database, limits, clock.now),
    leases: new Leases(database, limits, at),
    queue,
    keeper,
    access: new Access(database),
    documents: new Documents(database),
    roots,
    tallies,
    tracing: options.tracing ?? untraced,
    refreshRoot: rootRefresher(config, env, options.tufRoot),
    allows,
    allowsRelease,
    limits,
    config,
    clock,
    at,
    life: { leaving: false },
    report,
    enqueue: async (id, attempt = 0) => {
      await queue.add([{ id, attempt }]).catch(inQueue(report))
    },
    enqueueAll: async (ids) => {
      if (ids.length > 0) await queue.add(ids.map((id) => ({ id, attempt: 0 }))).catch(inQueue(report))
    },
    close: async () => {
      await queue.close().catch(inQueue(report))
      await keeper.close()
      await (options.tracing ?? untraced).close()
      await database.close()
    },
  }
}

type Ask<T extends Asked | undefined> = (question: Question, signal: AbortSignal, fresh?: boolean) => Promise<T>

const counted =
  <T extends Asked | undefined>(ask: Ask<T>, tallies: Tallies): Ask<T> =>
  async (question, signal, fresh) => {
    const asked = await ask(question, signal, fresh)
    if (asked !== undefined) tallies.answered(question, asked)
    return asked
  }

/** The queue is on the database or on Redis, whose clients speak in their own words. */
const inQueue = (report: Service['report']) => (cause: unknown) =>
  report(new Fault('queue.unreachable', { status: 503, cause }))

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
