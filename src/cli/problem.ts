import type { Code } from '../core/codes.ts'

/** Exit codes: 0 all trusted, 1 rejected, 2 usage or configuration, 3 inconclusive; of several the worst: 2, 1, 3, 0. */
export type ExitCode = 0 | 1 | 2 | 3
const order: readonly ExitCode[] = [0, 3, 1, 2]
export const worstExit = (codes: readonly ExitCode[]): ExitCode =>
  codes.reduce((a, b) => (order.indexOf(b) > order.indexOf(a) ? b : a), 0)
export const exitOf = (verdict: 'trusted' | 'rejected' | 'inconclusive'): ExitCode =>
  verdict === 'trusted' ? 0 : verdict === 'rejected' ? 1 : 3
/** A crash, and evidence that was altered or lost on the way, decide nothing; whatever else is wrong can be asked better. */
export const exitOfFault = (code: Code): ExitCode => (undecided.includes(code) ? 3 : 2)
const undecided: readonly Code[] = [
  'internal.crash',
  'evidence.digest-mismatch',
  'evidence.missing',
  'store.altered',
  'store.unreadable',
]
