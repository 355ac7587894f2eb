import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { LineJob, LineNews, Told } from './batch-job.ts'

export type LineThreads = {
  /** How many lines they hold at most. */
  readonly room: number
  /** undefined: none is free, and whoever asks does it. The answer is undefined where the line is not for a thread, or its thread has died. */
  offer(line: Uint8Array): Promise<Told | undefined> | undefined
  close(): Promise<void>
}

/** Lines before this are answered in place: sooner done than a thread is started. */
const worthThreads = 8
/** Lines that wait at a thread, so that it has something to do while the next ones are read. */
const waiting = 4

/**
 * Answers lines that need no network in threads, beside whoever reads them: one for each other processor. They start with
 * the first lines and get some once they are there.
 */
export function lineThreads(root: string, width: number = Math.max(1, availableParallelism() - 1)): LineThreads {
  let all: readonly Thread[] = []
  let seen = 0
  return {
    room: width * waiting,
    offer(line) {
      if (++seen === worthThreads) all = Array.from({ length: width }, () => startThread(root))
      const [free] = all.filter(({ open }) => open() < waiting).sort((a, b) => a.open() - b.open())
      return free?.answer(line)
    },
    close: async () => {
      await Promise.all(all.map(({ worker }) => worker.terminate()))
    },
  }
}

type Thread = {
  readonly worker: Worker
  /** How many lines it has; without end before it is there, and after it is gone. */
  readonly open: () => number
  answer(line: Uint8Array): Promise<Told | undefined>
}

function startThread(root: string): Thread {
  const worker = new Worker(new URL('./batch-worker.ts', import.meta.url), { workerData: root })
  const open = new Map<number, (told: Told | undefined) => void>()
  let [count, there] = [0, false]
  const settle = (place: number, told: Told | undefined) => {
    open.get(place)?.(told)
    open.delete(place)
  }
  const die = () => {
    there = false
    for (const place of [...open.keys()]) settle(place, undefined)
  }
  worker
    .on('message', (news: LineNews) => {
      if ('ready' in news) there = true
      else settle(news.place, news.told)
    })
    .on('error', die)
    .on('exit', die)
  return {
    worker,
    open: () => (there ? open.size : Number.POSITIVE_INFINITY),
    answer: (line) =>
      new Promise((done) => {
        const job: LineJob = { place: count++, line }
        open.set(job.place, done)
        worker.postMessage(job)
      }),
  }
}
