import {
  Queue as BullQueue,
  createPostgresBackend,
  type PgPool,
  type PgPoolClient,
  type Processor,
  runMigrations,
  Worker,
  type WorkerOptions,
} from 'bullmq'
import { limits as defaultLimits, type Limits } from '../core/limits.ts'
import { type At, type QueuePool, queueSchema } from '../store/database.ts'
import type { Queue } from './queue.ts'

const name = 'verification'

/** Where the jobs are: the service's own database, or Redis. */
export type Backend = { readonly pool: QueuePool } | { readonly redis: string }

/**
 * Creates BullMQ's tables; a role that may do so is needed once. The first job of a queue makes a sequence for it (read
 * in its SQL): that is done here as well, with one that waits and is taken away, so that no other role has to.
 */
export async function prepareQueue(pool: QueuePool): Promise<void> {
  const client = await pool.connect()
  try {
    await runMigrations(client as PgPoolClient, queueSchema)
  } finally {
    client.release()
  }
  const queue = openQueue({ pool })
  queue.on('error', () => {}) // it stays the pool's listener, and without one of its own it writes to the console
  try {
    await queue.addBulk([{ name, data: { id: '' }, opts: { jobId: 'prepare', delay: 3_600_000 } }])
    await queue.remove('prepare')
  } finally {
    await queue.close()
  }
}

export async function isQueuePrepared(pool: QueuePool): Promise<boolean> {
  const { rows } = await pool.query(`SELECT to_regclass('${queueSchema}.job') IS NOT NULL AS there`)
  return rows[0]?.['there'] === true
}

/** BullMQ, on PostgreSQL, PGlite or Redis. It retries nothing by itself: the row says whether and when. */
export function bullQueue(
  backend: Backend,
  onError: (error: unknown) => void,
  { limits = defaultLimits, at }: { readonly limits?: Limits; readonly at?: At | undefined } = {},
): Queue {
  const queue = openQueue(backend)
  queue.on('error', onError)
  let worker: ReturnType<typeof openWorker> | undefined
  return {
    async add(jobs) {
      at?.('add.before')
      const all = jobs.map(({ id, attempt }) => ({
        name,
        data: { id },
        opts: { jobId: `${id}-${attempt}`, attempts: 1, removeOnComplete: true, removeOnFail: true },
      }))
      const [first, ...more] = all
      if (first === undefined) return
      // Measured on PGlite: addBulk takes 30 ms however few there are, add 1 ms.
      const added: Promise<unknown> =
        more.length === 0 ? queue.add(first.name, first.data, first.opts) : queue.addBulk(all)
      await soon(added, limits.queueWaitMs)
      at?.('add.after')
    },
    async work(handle, parallel) {
      worker = openWorker(backend, (job) => handle(job.data.id), {
        concurrency: parallel,
        lockDuration: limits.jobLockMs,
        stalledInterval: limits.jobLockMs / 2,
        runRetryDelay: limits.sweepAgainMs, // R4: 15 s otherwise
        maxStalledCount: 1_000, // how often a job may run is the row's to say
      })
      worker.on('error', onError)
      worker.on('failed', (_, error) => onError(error))
      worker.on('completed', () => at?.('acknowledged'))
      if ('pool' in backend) await worker.waitUntilReady()
    },
    counts: () => soon(queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized'), limits.queueWaitMs),
    async rest() {
      await worker?.close()
    },
    async close() {
      await soon(worker?.close(true) ?? Promise.resolve(), limits.queueWaitMs).catch(onError)
      await soon(queue.close(), limits.queueWaitMs).catch(onError)
    },
  }
}

/** R7: Redis that is away makes its client wait without end; who asks does not, since the sweeper asks again. */
async function soon<T>(answer: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`the queue did not answer within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
    answer.catch(() => {}) // nobody waits for it any more
  }
}

type Data = { readonly id: string }

const openQueue = (backend: Backend) =>
  'pool' in backend
    ? new BullQueue(name, { connection: backend.pool as PgPool }, createPostgresBackend)
    : new BullQueue(name, { connection: { url: backend.redis } })

/** On Redis, BullMQ wants the requests of a worker to wait for as long as it takes. */
const openWorker = (backend: Backend, work: Processor<Data>, options: Omit<WorkerOptions, 'connection'>) =>
  'pool' in backend
    ? new Worker(name, work, { ...options, connection: backend.pool as PgPool }, createPostgresBackend)
    : new Worker(name, work, { ...options, connection: { url: backend.redis, maxRetriesPerRequest: null } })
