import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { LineJob, LineNews, Told } from './batch-job.ts'

export type LineThreads = {
  /** undefined: not for a thread, or its thread has died. */
  answer(line: Uint8Array): Promise<Told | undefined>
  close(): Promise<void>
}

/** Lines before this are answered in place: sooner done than a thread is started. */
export const worthThreads = 32

/** Answers lines that need no network in threads, as many as there are processors; they start with the first line. */
export function lineThreads(root: string, width: number = availableParallelism()): LineThreads {
  const all: Thread[] = []
  let next = 0
  return {
    answer(line) {
      if (all.length < width) all.push(startThread(root))
      const thread = all[next++ % all.length]
      return thread === undefined ? Promise.resolve(undefined) : thread.answer(line)
    },
    close: async () => {
      await Promise.all(all.map(({ worker }) => worker.terminate()))
    },
  }
}

type Thread = { readonly worker: Worker; answer(line: Uint8Array): Promise<Told | undefined> }

function startThread(root: string): Thread {
  const worker = new Worker(new URL('./batch-worker.ts', import.meta.url), { workerData: root })
  const open = new Map<number, (told: Told | undefined) => void>()
  let [count, dead] = [0, false]
  const settle = ({ place, told }: LineNews) => {
    open.get(place)?.(told)
    open.delete(place)
  }
  const die = () => {
    dead = true
    for (const place of [...open.keys()]) settle({ place })
  }
  worker.on('message', settle).on('error', die).on('exit', die)
  return {
    worker,
    answer: (line) =>
      new Promise((done) => {
        if (dead) {
          done(undefined)
          return
        }
        const job: LineJob = { place: count++, line }
        open.set(job.place, done)
        worker.postMessage(job)
      }),
  }
}
