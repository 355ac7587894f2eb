import { isLoopbackName } from './addresses.ts'

/**
 * What may be done with a host. `typed`: a person typed it, so its address may be private. `insecure`: listed in
 * MESHPROOF_REGISTRY_INSECURE, so it speaks plain HTTP and may be private; an entry `https://host[:port]` of that list
 * allows the private address and keeps TLS.
 */
export type HostRulesOptions = { readonly typed?: Iterable<string>; readonly insecure?: Iterable<string> }

/** Which addresses a connection to a host may end at. */
export type Reach = 'public' | 'loopback' | 'any'

export class HostRules {
  readonly #typed: ReadonlySet<string>
  readonly #plain: ReadonlySet<string>
  readonly #listed: ReadonlySet<string>

  constructor({ typed = [], insecure = [] }: HostRulesOptions) {
    const listed = [...insecure].map((entry) => entry.trim().toLowerCase()).filter((entry) => entry !== '')
    // A set is kept as it is, in lower case: a run of many lines learns what was typed as it goes.
    this.#typed = typed instanceof Set ? typed : new Set([...typed].map((host) => host.toLowerCase()))
    this.#plain = new Set(
      listed.filter((entry) => !entry.startsWith('https://')).map((entry) => entry.replace(/^http:\/\//, '')),
    )
    this.#listed = new Set(listed.map((entry) => entry.replace(/^https?:\/\//, '')))
  }

  /** `http:` only where somebody said so by name; nothing ever falls back to it (T47). */
  schemeOf(host: string): 'http:' | 'https:' {
    return this.isPlain(host) ? 'http:' : 'https:'
  }

  isPlain(host: string): boolean {
    return (
      this.#plain.has(host) || (this.#typed.has(host) && !this.#listed.has(host) && isLoopbackName(hostnameOf(host)))
    )
  }

  /** Where a connection that we chose ourselves may end (T42). */
  reachOf(host: string): Reach {
    if (this.#listed.has(host)) return 'any'
    if (!this.#typed.has(host)) return 'public'
    return this.isPlain(host) ? 'loopback' : 'any' // a name like x.localhost must not lead plain HTTP elsewhere
  }

  /** Where a redirect may lead: having typed a host says nothing about who may send us there. */
  reachOfRedirect(to: URL): Reach {
    return spellings(to).some((host) => this.#listed.has(host)) ? 'any' : 'public'
  }

  mayRedirectPlain(to: URL): boolean {
    return spellings(to).some((host) => this.#plain.has(host))
  }
}

/** A URL drops its default port; a list may have written it. */
const spellings = ({ host, hostname, port, protocol }: URL): readonly string[] =>
  port === '' ? [host, `${hostname}:${protocol === 'http:' ? 80 : 443}`] : [host]

/** `[::1]:5000` → `[::1]`, `host:5000` → `host`. */
const hostnameOf = (host: string): string => host.replace(/:\d+$/, '')
