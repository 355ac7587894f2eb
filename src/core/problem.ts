import { words } from './codes.ts'
import { Fault } from './fault.ts'
import type { Problem } from './request.ts'

/** The one mapper from what the shell met to RFC 9457. What is no fault of ours is a crash, and says nothing of its own. */
export function problemOf(error: unknown): Problem {
  const fault = error instanceof Fault ? error : new Fault('internal.crash', { status: 500, cause: error })
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  const parameters = Object.fromEntries(Object.entries(fault.parameters).map(([name, value]) => [name, text(value)]))
  const { says } = words(fault.code, parameters)
  return {
    type: `urn:meshproof:problem:${fault.code}`,
    title: says,
    status: fault.status,
    code: fault.code,
    parameters: fault.parameters,
  }
}
