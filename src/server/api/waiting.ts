import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../core/fault.ts'
import type { Service } from '../../jobs/service.ts'
import { hasEnded, type RequestRow } from '../../store/request-row.ts'

/** A bounded number of places; whoever finds none is told to come back, and nobody queues (R18). */
export class Places {
  #taken = 0
  readonly #most: number
  readonly #what: string

  constructor(most: number, what: string) {
    this.#most = most
    this.#what = what
  }

  get areFull(): boolean {
    return this.#taken >= this.#most
  }

  /** Returns how to leave. */
  take(): () => void {
    if (this.areFull)
      throw new Fault('service.busy', { status: 503, retryAfter: '5', parameters: { expected: this.#what } })
    this.#taken++
    let left = false
    return () => {
      if (!left) this.#taken--
      left = true
    }
  }
}

/** `wait=N` of `Prefer` (RFC 7240), in milliseconds and at most as long as we let anybody wait. */
export function waitOf(prefer: string | undefined, mostMs: number): number | undefined {
  const [, seconds] = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?(?=$|[,;\s])/i.exec(prefer ?? '') ?? []
  return seconds === undefined ? undefined : Math.min(Number(seconds) * 1000, mostMs)
}

/** Looks at the row until it has ended, the time is over, or whoever asked has gone. */
export async function ended(
  { requests }: Service,
  id: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<RequestRow | undefined> {
  const until = performance.now() + waitMs
  for (let pause = 25; ; pause = Math.min(pause * 1.5, 500)) {
    const row = await requests.find(id)
    if (row === undefined || hasEnded(row)) return row
    const left = until - performance.now()
    if (left <= 0 || signal.aborted) return row
    await sleep(Math.min(pause, left), undefined, { signal }).catch(() => {})
  }
}
