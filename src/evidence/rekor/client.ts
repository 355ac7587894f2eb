import { setTimeout as sleep } from 'node:timers/promises'
import { parseJson } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'
import { formatTime } from '../../core/time.ts'
import type { Waits } from '../../core/waits.ts'
import type { Lookup } from '../http/connect.ts'
import { Dispatchers } from '../http/dispatchers.ts'
import type { ProxyEnv } from '../http/proxy.ts'
import { Patience, retryAfterOf } from '../http/rate.ts'
import { type Failure, failure, isFailure } from '../http/result.ts'
import { type Exchanged, Wire, type WireReply } from '../http/wire.ts'

export type LogClientOptions = {
  readonly url: URL
  /** Named by the installation: the address may be private, and plain HTTP is spoken where the address says so (T42, T47). */
  readonly registered: boolean
  readonly authorities: readonly string[]
  readonly proxyEnv: ProxyEnv
  readonly lookup?: Lookup | undefined
  readonly limits: Limits
  readonly now: () => number
  readonly waits?: Waits | undefined
  readonly exchanged?: Exchanged | undefined
}

/** `body`: what is posted; without one it is a GET. `empty`: statuses that say that there is nothing. */
export type LogCall = { readonly path: string; readonly body?: object; readonly empty: readonly number[] }
export type LogReply = { readonly value: unknown; readonly size: number; readonly from: string }

/** Asks a Rekor v1 log; nothing guards its answers, so no redirect is followed (T86). */
export class LogClient {
  readonly #options: LogClientOptions
  readonly #dispatchers: Dispatchers
  readonly #wire: Wire
  readonly #patience: Patience

  constructor(options: LogClientOptions) {
    const { limits, lookup, authorities, proxyEnv } = options
    this.#options = options
    this.#dispatchers = new Dispatchers({ connectMs: limits.connectMs, lookup, authorities, proxyEnv })
    this.#wire = new Wire(
      limits,
      this.#dispatchers,
      (trouble) => (trouble === 'unreachable' ? 'log.unreachable' : 'log.failed'),
      options.exchanged,
    )
    this.#patience = new Patience(limits, options.waits)
  }

  close(): Promise<void> {
    return this.#dispatchers.close()
  }

  /** `value` is undefined where there is nothing. */
  async ask(call: LogCall, signal: AbortSignal): Promise<LogReply | Failure> {
    const { limits, now } = this.#options
    for (let attempt = 1; ; attempt++) {
      const got = (await this.#told()) ?? (await this.#once(call, signal))
      if (!isFailure(got) || !got.transient || attempt >= limits.attempts || signal.aborted) return got
      const wait = Math.max(limits.retryPauseMs, (got.retryAfter ?? 0) - now())
      if (wait > limits.retryWaitMs) return got
      await sleep(wait, undefined, { signal }).catch(() => {})
    }
  }

  /** The log told us to wait: asking it now would only make it longer. */
  async #told(): Promise<Failure | undefined> {
    const { url, now } = this.#options
    const until = await this.#patience.until(url.origin, now())
    if (until === undefined) return undefined
    const detail = { found: url.host, until: formatTime(until) }
    return failure('log.rate-limited', url.host, detail, { transient: true, retryAfter: until })
  }

  async #once({ path, body, empty }: LogCall, signal: AbortSignal): Promise<LogReply | Failure> {
    const { url, registered, limits } = this.#options
    const reply = await this.#wire.send(
      {
        method: body === undefined ? 'GET' : 'POST',
        url: new URL(`${url.href.replace(/\/+$/, '')}${path}`),
        reach: registered ? 'any' : 'public',
        headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        limit: limits.logAnswerBytes,
      },
      signal,
    )
    if (isFailure(reply)) return withReason(reply)
    if (reply.status !== 200) return empty.includes(reply.status) ? nothing(reply) : await this.#refused(reply)
    const parsed = parseJson(reply.bytes, limits.jsonDepth)
    if ('problem' in parsed || parsed.duplicateKey !== undefined) return malformed(reply.from)
    return { value: parsed.value, size: reply.bytes.length, from: reply.from }
  }

  async #refused({ status, headers, from }: WireReply): Promise<Failure> {
    const { url, limits, now } = this.#options
    if (status === 429 || (status === 503 && headers['retry-after'] !== undefined)) {
      const until = retryAfterOf(headers, now(), limits)
      await this.#patience.note(url.origin, until, now())
      const detail = { found: from, until: formatTime(until) }
      return failure('log.rate-limited', from, detail, { transient: true, retryAfter: until, status })
    }
    const transient = status >= 500 && status !== 501
    return failure('log.failed', from, { found: `${from}: status ${status}` }, { transient, status })
  }
}

const nothing = ({ from }: WireReply): LogReply => ({ value: undefined, size: 0, from })

export const malformed = (from: string): Failure => failure('log.failed', from, { found: `${from}: malformed` })

/** A log has one code for all that may go wrong with an exchange; the word for it stands beside the host. */
const withReason = (failed: Failure): Failure =>
  failed.failed === 'log.failed' && failed.trouble !== undefined
    ? { ...failed, detail: { found: `${failed.from}: ${failed.trouble}` } }
    : failed
