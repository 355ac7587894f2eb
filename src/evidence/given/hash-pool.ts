import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type HashFile, hashFile } from './files.ts'
import type { HashJob, HashNews } from './hash-job.ts'

/** Bytes hashed so far, of all the files that were begun. */
export type HashProgress = (done: number, total: number) => void
export type HashPool = { readonly hash: HashFile; close(): Promise<void> }

/** A file below this is hashed in place: sooner done than a thread is started. */
const worthAThread = 16 * 1024 * 1024

/** Hashes files in threads, as many at once as there are processors. Threads are started when the first large file comes. */
export function hashPool(progress: HashProgress = () => {}, width: number = availableParallelism()): HashPool {
  const idle: Worker[] = []
  const all = new Set<Worker>()
  const waiting: ((worker: Worker) => void)[] = []
  let [finished, total] = [0, 0]
  const running = new Map<Worker, number>()
  const tell = () => progress(finished + [...running.values()].reduce((sum, read) => sum + read, 0), total)

  const take = (): Promise<Worker> => {
    const free = idle.pop()
    if (free !== undefined) return Promise.resolve(free)
    if (all.size >= width) return new Promise((go) => waiting.push(go))
    return Promise.resolve(begin())
  }
  const begin = (): Worker => {
    const worker = new Worker(new URL('./hash-worker.ts', import.meta.url))
    worker.unref()
    all.add(worker)
    return worker
  }
  const release = (worker: Worker): void => {
    const next = waiting.shift()
    if (next === undefined && all.has(worker)) idle.push(worker)
    else if (next !== undefined) next(all.has(worker) ? worker : begin())
  }

  const run = (worker: Worker, job: HashJob, size: number): Promise<readonly string[]> =>
    new Promise((done, failed) => {
      const settle = (settled: () => void) => {
        worker.off('message', hear).off('error', crash)
        worker.unref()
        running.delete(worker)
        finished += size
        settled()
        tell()
      }
      const hear = (news: HashNews) => {
        if ('hex' in news) settle(() => done(news.hex))
        else if ('failed' in news) settle(() => failed(new Error(news.failed)))
        else {
          running.set(worker, news.read)
          tell()
        }
      }
      const crash = (error: unknown) => {
        all.delete(worker) // it is gone; the next file gets another
        settle(() => failed(error))
      }
      worker.ref()
      running.set(worker, 0)
      worker.on('message', hear).on('error', crash)
      worker.postMessage(job)
    })

  return {
    async hash(place, hashes) {
      const { size } = statSync(place)
      total += size
      if (size < worthAThread) {
        const hex = await hashFile(place, hashes)
        finished += size
        return hex
      }
      const worker = await take()
      try {
        return await run(worker, { place, hashes }, size)
      } finally {
        release(worker)
      }
    },
    close: async () => {
      await Promise.all([...all].map((worker) => worker.terminate()))
    },
  }
}
