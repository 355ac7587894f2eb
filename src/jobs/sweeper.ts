import type { Limits } from '../core/limits.ts'
import type { Requests } from '../store/requests.ts'
import type { Queue } from './queue.ts'

/**
 * R3: whatever the rows say should run and the queue may have lost is added again: at the start, and ever after. Adding
 * what has a live job does nothing, so this is the same on every backend.
 */
export function startSweeper(
  requests: Requests,
  queue: Queue,
  limits: Limits,
  report: (error: unknown) => void,
): { readonly stop: () => void; readonly first: Promise<void> } {
  let busy = false
  const sweep = async () => {
    if (busy) return
    busy = true
    try {
      const due = await requests.due(limits.sweepRows)
      if (due.length > 0) await queue.add(due)
    } catch (error) {
      report(error)
    } finally {
      busy = false
    }
  }
  const timer = setInterval(() => void sweep(), limits.sweepMs)
  return { stop: () => clearInterval(timer), first: sweep() }
}
