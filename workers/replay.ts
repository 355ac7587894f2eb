import type { MessagePort } from 'node:worker_threads'
import { limits } from '../src/core/limits.ts'
import type { Instead } from '../src/examine/replay.ts'
import { type Again, type Checked, checkKept, type Load, replayKept } from '../src/jobs/stored-replay.ts'
import { type TaskFault, taskFault } from './task-fault.ts'

export type ReplayTask = {
  readonly result: Uint8Array
  readonly port: MessagePort
  /** Absent: only whether the verdicts come to the same bytes. */
  readonly instead?: Instead
}
export type ReplayResult = { readonly again: Again } | { readonly checked: Checked } | { readonly fault: TaskFault }

/** One stored request judged again in a thread of its own; it reads what the verdicts stand on and nothing else, and has no network. */
export default async function replayed({ result, port, instead }: ReplayTask): Promise<ReplayResult> {
  const load = loadThrough(port)
  try {
    if (instead === undefined) return { checked: await checkKept(result, load, limits) }
    return { again: await replayKept(result, instead, load, limits) }
  } catch (error) {
    return { fault: taskFault(error) }
  } finally {
    port.close()
  }
}

/** The database stays with the main thread. */
const loadThrough =
  (port: MessagePort): Load =>
  (digests) =>
    new Promise((done, failed) => {
      port.once('message', (answer: Loaded) => {
        if ('trouble' in answer) failed(new Error(answer.trouble))
        else done(answer.kept)
      })
      port.postMessage(digests)
    })
export type Loaded = { readonly kept: Awaited<ReturnType<Load>> } | { readonly trouble: string }
