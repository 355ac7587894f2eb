import { isIP } from 'node:net'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import { unbracket } from './addresses.ts'
import { AddressRefused, guardedConnector, type Lookup, mayReach } from './connect.ts'
import type { Reach } from './host-rules.ts'
import { type ProxyEnv, proxyFor } from './proxy.ts'

export type DispatchersOptions = {
  readonly connectMs: number
  readonly lookup?: Lookup | undefined
  /** PEM certificates trusted beside the ones that Node trusts. */
  readonly authorities: readonly string[]
  readonly proxyEnv: ProxyEnv
}

export type Route = { readonly dispatcher: Dispatcher; readonly via: string }

/** Connections, kept apart by where they may end, so that a pooled one never serves a stricter errand (T42). */
export class Dispatchers {
  readonly #options: DispatchersOptions
  readonly #secureContext: SecureContext | undefined
  readonly #direct = new Map<Reach, Agent>()
  readonly #proxied = new Map<string, ProxyAgent>()

  constructor(options: DispatchersOptions) {
    this.#options = options
    const { authorities } = options
    this.#secureContext =
      authorities.length === 0
        ? undefined
        : createSecureContext({ ca: [...getCACertificates('default'), ...authorities] })
  }

  /** Throws AddressRefused for a literal; a name's addresses are checked when it connects. */
  for(url: URL, reach: Reach): Route {
    const proxy = proxyFor(url, this.#options.proxyEnv)
    if (proxy === undefined) return { dispatcher: this.#agent(reach), via: '' }
    // The proxy resolves names, so here only a literal can be told (T43); the observation says `via proxy`.
    const literal = unbracket(url.hostname)
    if (isIP(literal) !== 0 && !mayReach(reach, literal)) throw new AddressRefused(literal)
    return { dispatcher: this.#proxy(proxy), via: ' via proxy' }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#direct.values(), ...this.#proxied.values()].map((agent) => agent.destroy()))
  }

  #agent(reach: Reach): Agent {
    const { connectMs, lookup } = this.#options
    const agent =
      this.#direct.get(reach) ??
      new Agent({ connect: guardedConnector({ reach, connectMs, lookup, secureContext: this.#secureContext }) })
    this.#direct.set(reach, agent)
    return agent
  }

  #proxy(proxy: URL): ProxyAgent {
    const { connectMs } = this.#options
    const tls = { timeout: connectMs, ...(this.#secureContext !== undefined && { secureContext: this.#secureContext }) }
    const agent =
      this.#proxied.get(proxy.href) ??
      new ProxyAgent({ uri: proxy.href, allowH2: false, proxyTls: tls, requestTls: tls })
    this.#proxied.set(proxy.href, agent)
    return agent
  }
}
