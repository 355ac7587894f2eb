import type { MessagePort } from 'node:worker_threads'
import { decodeUtf8 } from '../src/core/json.ts'
import { readRequest } from '../src/examine/prepare.ts'
import { examineRequest } from '../src/examine/shop.ts'
import type { Finished } from '../src/store/verdicts.ts'
import { finishedOf } from './finished.ts'
import { type Given, remoteKeeper } from './keeper-port.ts'
import { type TaskFault, taskFault } from './task-fault.ts'

export type Task = { readonly spec: Uint8Array; readonly port: MessagePort; readonly given: Given }

export type TaskResult = { readonly finished: Finished } | { readonly fault: TaskFault }

/** One examination in a thread of its own: whatever its documents do to it, they do to it alone. */
export default async function examination({ spec, port, given }: Task): Promise<TaskResult> {
  const keeper = remoteKeeper(port, given)
  try {
    const request = readRequest(JSON.parse(decodeUtf8(spec) ?? ''))
    const done = await examineRequest(request, 'none', keeper, [], { answered: keeper.answered })
    return { finished: finishedOf(done) }
  } catch (error) {
    return { fault: taskFault(error) }
  } finally {
    port.close()
  }
}
