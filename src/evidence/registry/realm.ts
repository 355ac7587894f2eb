import type { HostRules, Reach } from '../http/host-rules.ts'
import { type Failure, failure } from '../http/result.ts'
import type { Place } from './place.ts'

/** Registries whose login service lives at another host. More can be registered: `realms` of the options. */
const knownRealms: ReadonlyMap<string, readonly string[]> = new Map([
  ['docker.io', ['auth.docker.io']],
  ['registry.gitlab.com', ['gitlab.com']],
])

export type Realms = ReadonlyMap<string, readonly string[]>

/**
 * Whether a password may be shown at the place that a challenge names (T45): over TLS, at the registry itself, at port
 * 443 of its name, or at a host that its list has. Plain HTTP only where the registry itself is asked in it by the same
 * origin, or the host is listed.
 */
export function realmOf(
  text: string,
  place: Place,
  rules: HostRules,
  realms: Realms,
): { readonly url: URL; readonly reach: Reach } | Failure {
  const { host, origin } = place
  const url = URL.parse(text)
  const refused = failure('registry.realm-refused', host, { found: url?.host ?? 'no address' })
  if (url === null || url.username !== '' || url.password !== '') return refused
  if (url.origin === origin) return { url, reach: rules.reachOf(host) }
  const known = [...(knownRealms.get(host) ?? []), ...(realms.get(host) ?? [])].includes(url.host)
  const sameName = url.hostname === new URL(origin).hostname && url.port === '' && !/^[\d.]+$|^\[/.test(url.hostname)
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && rules.mayRedirectPlain(url))
  if (!secure || !(known || (sameName && url.protocol === 'https:'))) return refused // T45
  return { url, reach: sameName ? rules.reachOf(host) : rules.reachOfRedirect(url) }
}
