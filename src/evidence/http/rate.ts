import type { Limits } from '../../core/limits.ts'
import type { Waits } from '../../core/waits.ts'
import { type Headers, header } from './result.ts'

const longest = 24 * 60 * 60_000

/**
 * When to ask again after a 429 or 503, in milliseconds since 1970: `Retry-After` in seconds or as a date (RFC 9110),
 * Docker Hub's `X-Retry-After` (an epoch) and `RateLimit-Reset`, else the window of `RateLimit-Remaining: 0;w=21600`.
 */
export function retryAfterOf(headers: Headers, now: number, limits: Limits): number {
  const seconds = (text: string | undefined): number | undefined =>
    text !== undefined && /^\d{1,12}$/.test(text.trim()) ? Number(text) * 1000 : undefined
  const after = header(headers, 'retry-after')
  const relative = seconds(after) ?? dateOf(after, now) ?? minus(seconds(header(headers, 'x-retry-after')), now)
  const window = seconds(
    /;w=(\d+)/.exec(header(headers, 'ratelimit-remaining') ?? header(headers, 'ratelimit-limit') ?? '')?.[1],
  )
  const wait = relative ?? seconds(header(headers, 'ratelimit-reset')) ?? window ?? limits.rateLimitMs
  return now + Math.min(Math.max(wait, 0), longest)
}

const minus = (at: number | undefined, now: number): number | undefined => (at === undefined ? undefined : at - now)

function dateOf(text: string | undefined, now: number): number | undefined {
  const at = text === undefined || !/^[A-Za-z]{3}/.test(text) ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? undefined : at - now
}

/**
 * Hosts that told us to wait. Nobody asks them again before, and no other host is touched (R10); where it is shared, no
 * other process either.
 */
export class Patience {
  readonly #until = new Map<string, number>()
  readonly #heard = new Map<string, number>()
  readonly #capMs: number
  readonly #shareMs: number
  readonly #shared: Waits | undefined

  constructor(limits: Limits, shared?: Waits) {
    this.#capMs = limits.rateLimitCapMs
    this.#shareMs = limits.rateLimitShareMs
    this.#shared = shared
  }

  async note(host: string, until: number, now: number): Promise<void> {
    const capped = Math.min(until, now + this.#capMs)
    this.#until.set(host, capped)
    await this.#shared?.note(host, capped).catch(() => {}) // whoever does not hear of it is told by the host itself
  }

  /** undefined once the time has passed. */
  async until(host: string, now: number): Promise<number | undefined> {
    await this.#listen(host, now)
    const until = this.#until.get(host)
    if (until === undefined || until > now) return until
    this.#until.delete(host)
    return undefined
  }

  /** What others were told, asked for once a second at most. */
  async #listen(host: string, now: number): Promise<void> {
    if (this.#shared === undefined || now - (this.#heard.get(host) ?? Number.NEGATIVE_INFINITY) < this.#shareMs) return
    this.#heard.set(host, now)
    const until = await this.#shared.until(host).catch(() => undefined)
    if (until !== undefined && until > (this.#until.get(host) ?? 0))
      this.#until.set(host, Math.min(until, now + this.#capMs))
  }
}
