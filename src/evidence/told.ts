import type { Outcome3 } from '../core/observation.ts'
import { type Detail, type Failure, failure } from './http/result.ts'

/** An answer on its way to becoming an observation. `at` is there where it was given earlier than now. */
export type Told = {
  readonly outcome: Outcome3
  readonly from: string
  readonly transient: boolean
  readonly at?: number
  readonly detail?: Detail
  readonly retryAfter?: number
}

export const toldFailure = ({ failed, from, detail, retryAfter, transient }: Failure): Told => ({
  outcome: { failed },
  from,
  transient,
  ...(Object.keys(detail).length > 0 && { detail }),
  ...(retryAfter !== undefined && { retryAfter }),
})

export const toldAbsent = (from: string, detail?: Detail): Told => ({
  outcome: { absent: true },
  from,
  transient: false,
  ...(detail !== undefined && { detail }),
})

export const toldFound = (found: Extract<Outcome3, { found: unknown }>, from: string, at?: number): Told => ({
  outcome: found,
  from,
  transient: false,
  ...(at !== undefined && { at }),
})

export const late: Told = toldFailure(failure('limit.time', 'meshproof', {}, { transient: true }))

/** The caller's deadline holds even where a flight that others share goes on. */
export function inTime(signal: AbortSignal, answer: Promise<Told>): Promise<Told> {
  return new Promise((done, failed) => {
    const stop = () => done(late)
    signal.addEventListener('abort', stop, { once: true })
    answer.then(done, failed).finally(() => signal.removeEventListener('abort', stop))
  })
}
