import { Fault } from '../core/fault.ts'

/** Counts by key in windows of fixed length; holds at most `keys` keys, the oldest go first. */
export class Rates {
  readonly #windowMs: number
  readonly #keys: number
  readonly #now: () => number
  readonly #seen = new Map<string, { count: number; until: number }>()

  constructor(options: { readonly windowMs: number; readonly keys: number; readonly now?: () => number }) {
    this.#windowMs = options.windowMs
    this.#keys = options.keys
    this.#now = options.now ?? (() => performance.now())
  }

  /** Counts one more of this key; throws once there were `most` in this window. */
  take(key: string, most: number): void {
    const now = this.#now()
    const known = this.#seen.get(key)
    if (known !== undefined && known.until > now) {
      if (known.count >= most) throw tooMany(most, known.until - now)
      known.count++
      return
    }
    this.#seen.delete(key)
    this.#seen.set(key, { count: 1, until: now + this.#windowMs })
    if (this.#seen.size <= this.#keys) return
    const [oldest = ''] = this.#seen.keys()
    this.#seen.delete(oldest)
  }

  get size(): number {
    return this.#seen.size
  }
}

const tooMany = (most: number, leftMs: number): Fault =>
  new Fault('request.rate-limited', {
    status: 429,
    retryAfter: String(Math.max(1, Math.ceil(leftMs / 1000))),
    parameters: { expected: String(most) },
  })
