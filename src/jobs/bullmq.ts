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
import type { QueuePool } from '../store/database.ts'
import { queueSchema } from '../store/database.ts'
import type { Queue } from './queue.ts'

const name = 'verification'

/** Where the jobs are: the service's own database, or Redis. */
export type Backend = { readonly pool: QueuePool } | { readonly redis: string }

/** Creates BullMQ's tables; a role that may do so is needed once. */
export async function prepareQueue(pool: QueuePool): Promise<void> {
  const client = await pool.connect()
  try {
    await runMigrations(client as PgPoolClient, queueSchema)
  } finally {
    client.release()
  }
}

/** BullMQ, on PostgreSQL, PGlite or Redis. It retries nothing by itself: the row says whether and when. */
export function bullQueue(backend: Backend, onError: (error: unknown) => void): Queue {
  const queue = openQueue(backend)
  queue.on('error', onError)
  let worker: ReturnType<typeof openWorker> | undefined
  return {
    async add(jobs) {
      await queue.addBulk(
        jobs.map(({ id, attempt }) => ({
          name,
          data: { id },
          opts: { jobId: `${id}-${attempt}`, attempts: 1, removeOnComplete: true, removeOnFail: true },
        })),
      )
    },
    async work(handle, parallel) {
      worker = openWorker(backend, (job) => handle(job.data.id), {
        concurrency: parallel,
        lockDuration: 30_000,
        stalledInterval: 15_000,
        maxStalledCount: 1_000, // how often a job may run is the row's to say
      })
      worker.on('error', onError)
      worker.on('failed', (_, error) => onError(error))
      await worker.waitUntilReady()
    },
    counts: () => queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized'),
    async close() {
      await worker?.close()
      await queue.close()
    },
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
