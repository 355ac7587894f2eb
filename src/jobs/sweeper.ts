import type { Limits } from '../core/limits.ts'
import type { At } from '../store/database.ts'
import type { Leases } from '../store/leases.ts'
import type { Queue } from './queue.ts'

type Parts = {
  readonly leases: Leases
  readonly queue: Queue
  readonly limits: Limits
  readonly report: (error: unknown) => void
  /** What else is to be done from time to time. */
  readonly chores?: readonly Chore[]
  readonly at?: At | undefined
}
export type Chore = {
  readonly everyMs: number
  /** Also with the first round. */
  readonly atOnce?: true
  /** The signal: the process ends, and waits for no more than it must. */
  readonly run: (leaving: AbortSignal) => Promise<unknown>
}

/**
 * R3: whatever the rows say should run and the queue may have lost is added again: at the start, and ever after. Adding
 * what has a live job does nothing, so this is the same on every backend.
 */
export function startSweeper(parts: Parts): { readonly stop: () => Promise<void>; readonly first: Promise<void> } {
  const { limits, report, chores = [] } = parts
  const leaving = new AbortController()
  const since = chores.map(({ atOnce }) => (atOnce === true ? Number.NEGATIVE_INFINITY : performance.now()))
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let all = true
  const round = async () => {
    try {
      await sweep(parts, all)
      all = false
      for (const [i, { everyMs, run }] of chores.entries())
        if (performance.now() - (since[i] ?? 0) >= everyMs) {
          since[i] = performance.now()
          await run(leaving.signal)
        }
    } catch (error) {
      all = true
      report(error)
    }
    // R4, R7: what failed may be back at any moment.
    if (!stopped) timer = setTimeout(go, all ? limits.sweepAgainMs : limits.sweepMs)
  }
  let running = round()
  const first = running
  const go = () => {
    running = round()
  }
  return {
    first,
    stop: async () => {
      stopped = true
      leaving.abort()
      clearTimeout(timer)
      await running
    },
  }
}

/** All that is due where the queue has fewer jobs than that; else the oldest, so that a long queue is not read each time. */
async function sweep({ leases, queue, limits, at }: Parts, everything: boolean): Promise<void> {
  let all = everything
  let after: string | undefined
  do {
    const due = await leases.due(limits.sweepRows, after)
    if (due.length === 0) return
    if (after === undefined && !all) {
      const live = Object.values(await queue.counts()).reduce((sum, count) => sum + count, 0)
      all = live < due.length
    }
    at?.('sweep.before-add')
    await queue.add(due)
    at?.('sweep.after-add')
    after = due.at(-1)?.id
  } while (all)
}
