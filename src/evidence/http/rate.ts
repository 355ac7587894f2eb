import type { Limits } from '../../core/limits.ts'
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

/** Hosts that told us to wait. Nobody asks them again before, and no other host is touched (R10). */
export class Patience {
  readonly #until = new Map<string, number>()
  readonly #capMs: number

  constructor(limits: Limits) {
    this.#capMs = limits.rateLimitCapMs
  }

  note(host: string, until: number, now: number): void {
    this.#until.set(host, Math.min(until, now + this.#capMs))
  }

  /** undefined once the time has passed. */
  until(host: string, now: number): number | undefined {
    const until = this.#until.get(host)
    if (until === undefined || until > now) return until
    this.#until.delete(host)
    return undefined
  }
}
