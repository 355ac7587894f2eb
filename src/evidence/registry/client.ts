import { setTimeout as sleep } from 'node:timers/promises'
import type { Limits } from '../../core/limits.ts'
import { formatTime } from '../../core/time.ts'
import type { Waits } from '../../core/waits.ts'
import type { HostRules } from '../http/host-rules.ts'
import { Patience } from '../http/rate.ts'
import { type Absent, type Failure, failure, isFailure, type Reply, type Result } from '../http/result.ts'
import type { Wire } from '../http/wire.ts'
import { type Errand, follow } from './follow.ts'
import type { Login } from './login.ts'
import type { Place } from './place.ts'
import { refused } from './refused.ts'
import { type Ask, meaningOf } from './status.ts'

export type Wanted = {
  readonly ask: Ask
  /** Below `/v2/<name>/`. */
  readonly path: string
  readonly method?: 'GET' | 'HEAD'
  readonly accept?: string
  readonly limit: number
  /** Whether a digest guards the answer (T86). */
  readonly guarded: boolean
}

export type Got = Reply | Absent | Failure

/** Asks one registry one thing: waits its turn, logs in, follows redirects, tries once more what may pass, reads the status. */
export class Client {
  readonly #wire: Wire
  readonly #rules: HostRules
  readonly #limits: Limits
  readonly #login: Login
  readonly #now: () => number
  readonly #patience: Patience

  constructor(parts: {
    wire: Wire
    rules: HostRules
    limits: Limits
    login: Login
    now: () => number
    waits?: Waits | undefined
  }) {
    this.#wire = parts.wire
    this.#rules = parts.rules
    this.#limits = parts.limits
    this.#login = parts.login
    this.#now = parts.now
    this.#patience = new Patience(parts.limits, parts.waits)
  }

  async get(place: Place, wanted: Wanted, signal: AbortSignal): Promise<Got> {
    const { attempts, retryPauseMs, retryWaitMs } = this.#limits
    for (let attempt = 1; ; attempt++) {
      const got = (await this.#told(place)) ?? (await this.#once(place, wanted, signal))
      if (!isFailure(got) || !got.transient || attempt >= attempts || signal.aborted) return got
      const pause = retryPauseMs * (1 + Math.random()) // R11: who failed together does not come back together
      const wait = Math.max(pause, (got.retryAfter ?? 0) - this.#now())
      if (wait > retryWaitMs) return got
      await sleep(wait, undefined, { signal }).catch(() => {})
    }
  }

  /** The host told us to wait: asking it now would only make it longer. */
  async #told({ host, origin }: Place): Promise<Failure | undefined> {
    const until = await this.#patience.until(origin, this.#now())
    if (until === undefined) return undefined
    const detail = { found: host, until: formatTime(until) }
    return failure('registry.rate-limited', host, detail, { transient: true, retryAfter: until })
  }

  async #once(place: Place, wanted: Wanted, signal: AbortSignal): Promise<Got> {
    const { ask, path, method = 'GET', accept = '*/*', limit, guarded } = wanted
    const url = new URL(`${place.origin}/v2/${place.path}/${path}`)
    const errand: Errand = { method, url, reach: this.#rules.reachOf(place.host), accept, limit, guarded }
    const result = await this.#authorised(place, errand, signal)
    const got = this.#read(place, ask, url, result)
    if ('failed' in got && got.failed === 'registry.rate-limited' && got.retryAfter !== undefined)
      await this.#patience.note(place.origin, got.retryAfter, this.#now())
    return got
  }

  async #authorised(place: Place, errand: Errand, signal: AbortSignal): Promise<Result> {
    const send = (authorization: Errand['authorization']) =>
      follow(
        this.#wire,
        this.#rules,
        this.#limits,
        { ...errand, ...(authorization !== undefined && { authorization }) },
        signal,
      )
    const known = this.#login.known(place)
    const first = await send(known)
    if (isFailure(first) || first.status !== 401 || first.abroad || known?.kind === 'basic') return first
    const login = await this.#login.answer(place, first.headers, known)
    if (login === undefined) return { ...first, authorised: 'no' }
    return isFailure(login) ? login : send(login)
  }

  #read(place: Place, ask: Ask, url: URL, result: Result): Got {
    if (isFailure(result)) return result
    const meaning = meaningOf(ask, result)
    if (meaning === 'found') return result
    if (meaning === 'absent') return { absent: true, from: result.from }
    return refused(meaning, result, `${place.host}${url.pathname}`, this.#now(), this.#limits)
  }
}
