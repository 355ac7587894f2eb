import type { Code } from '../src/core/codes.ts'
import { Fault } from '../src/core/fault.ts'
import type { Json } from '../src/core/json.ts'

/** A fault loses its class between threads. */
export type TaskFault = {
  readonly code: Code
  readonly status: number
  readonly parameters: Readonly<Record<string, Json>>
}

/** What is no fault ends the thread's task as it is. */
export function taskFault(error: unknown): TaskFault {
  if (!(error instanceof Fault)) throw error
  const { code, status, parameters } = error
  return { code, status, parameters }
}
