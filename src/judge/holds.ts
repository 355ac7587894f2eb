import { formatTime } from '../core/time.ts'
import type { Holds } from '../core/verdict.ts'

/**
 * The span of time around `at` in which no rule that reads the clock would answer otherwise. Each such rule names the
 * instant from which its answer changes: a signed time less the skew, the end of a trust root's age, of a certificate.
 */
export function holdsAround(at: number, boundaries: readonly number[]): Holds {
  const before = boundaries.filter((instant) => instant <= at)
  const after = boundaries.filter((instant) => instant > at)
  return {
    from: before.length === 0 ? null : formatTime(Math.max(...before)),
    until: after.length === 0 ? null : formatTime(Math.min(...after) - 1),
  }
}
