import type { Outcome3 } from '../../core/observation.ts'
import type { Detail, Failure } from './result.ts'

/** An answer on its way to becoming an observation: when it was given is added at the door. */
export type Told = {
  readonly outcome: Outcome3
  readonly from: string
  readonly detail?: Detail
  readonly retryAfter?: number
  readonly transient: boolean
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
