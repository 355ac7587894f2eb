import { type Code, words } from '../core/codes.ts'
import { Fault } from '../core/fault.ts'
import type { Problem } from '../core/request.ts'

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

/** Exit codes: 0 all trusted, 1 rejected, 2 usage or configuration, 3 inconclusive; of several the worst: 2, 1, 3, 0. */
export type ExitCode = 0 | 1 | 2 | 3
const order: readonly ExitCode[] = [0, 3, 1, 2]
export const worstExit = (codes: readonly ExitCode[]): ExitCode =>
  codes.reduce((a, b) => (order.indexOf(b) > order.indexOf(a) ? b : a), 0)
export const exitOf = (verdict: 'trusted' | 'rejected' | 'inconclusive'): ExitCode =>
  verdict === 'trusted' ? 0 : verdict === 'rejected' ? 1 : 3
/** A crash, and evidence that was altered or lost on the way, decide nothing; whatever else is wrong can be asked better. */
export const exitOfFault = (code: Code): ExitCode => (undecided.includes(code) ? 3 : 2)
const undecided: readonly Code[] = ['internal.crash', 'evidence.digest-mismatch', 'evidence.missing']
