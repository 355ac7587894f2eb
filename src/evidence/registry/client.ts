import type { Limits } from '../../core/limits.ts'
import { type Errand, follow } from './follow.ts'
import type { HostRules } from './host-rules.ts'
import type { Place } from './place.ts'
import { type Failure, failure, isFailure, type Reply, type Result } from './result.ts'
import { type Ask, meaningOf } from './status.ts'
import type { Wire } from './wire.ts'

export type Wanted = {
  readonly ask: Ask
  /** Below `/v2/<name>/`. */
  readonly path: string
  readonly method?: 'GET' | 'HEAD'
  readonly accept?: string
  readonly limit: number
  readonly guarded: boolean
}

export type Got = Reply | { readonly absent: true; readonly from: string } | Failure

/** Asks one registry one thing: address, redirects, the meaning of the status. */
export class Client {
  readonly #wire: Wire
  readonly #rules: HostRules
  readonly #limits: Limits

  constructor(parts: { wire: Wire; rules: HostRules; limits: Limits }) {
    this.#wire = parts.wire
    this.#rules = parts.rules
    this.#limits = parts.limits
  }

  async get(place: Place, wanted: Wanted, signal: AbortSignal): Promise<Got> {
    const url = new URL(`${place.origin}/v2/${place.path}/${wanted.path}`)
    const errand: Errand = {
      method: wanted.method ?? 'GET',
      url,
      reach: this.#rules.reachOf(place.host),
      accept: wanted.accept ?? '*/*',
      limit: wanted.limit,
      guarded: wanted.guarded,
    }
    return this.#read(wanted.ask, url, await follow(this.#wire, this.#rules, this.#limits, errand, signal))
  }

  #read(ask: Ask, url: URL, result: Result): Got {
    if (isFailure(result)) return result
    const meaning = meaningOf(ask, result)
    if (meaning === 'found') return result
    if (meaning === 'absent') return { absent: true, from: result.from }
    const found =
      meaning === 'registry.failed' ? `${result.from}: status ${result.status}` : `${url.host}${url.pathname}`
    return failure(meaning, result.from, { found }, { transient: result.status >= 500 })
  }
}
