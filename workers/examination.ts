import type { MessagePort } from 'node:worker_threads'
import type { Code } from '../src/core/codes.ts'
import { Fault } from '../src/core/fault.ts'
import type { Json } from '../src/core/json.ts'
import { decodeUtf8 } from '../src/core/json.ts'
import { readRequest } from '../src/examine/prepare.ts'
import { examineRequest } from '../src/examine/shop.ts'
import type { Finished } from '../src/store/verdicts.ts'
import { finishedOf } from './finished.ts'
import { type Given, remoteKeeper } from './keeper-port.ts'

export type Task = { readonly spec: Uint8Array; readonly port: MessagePort; readonly given: Given }

/** A fault loses its class between threads. */
export type TaskFault = {
  readonly code: Code
  readonly status: number
  readonly parameters: Readonly<Record<string, Json>>
}
export type TaskResult = { readonly finished: Finished } | { readonly fault: TaskFault }

/** One examination in a thread of its own: whatever its documents do to it, they do to it alone. */
export default async function examination({ spec, port, given }: Task): Promise<TaskResult> {
  const keeper = remoteKeeper(port, given)
  try {
    const request = readRequest(JSON.parse(decodeUtf8(spec) ?? ''))
    const done = await examineRequest(request, 'none', keeper, [], { answered: keeper.answered })
    return { finished: finishedOf(done) }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { code, status, parameters } = error
    return { fault: { code, status, parameters } }
  } finally {
    port.close()
  }
}
