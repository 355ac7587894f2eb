import type { Limits } from '../../core/limits.ts'
import type { HostRules, Reach } from '../http/host-rules.ts'
import { type Failure, failure, header, isFailure, type Result } from '../http/result.ts'
import type { Call, Wire } from '../http/wire.ts'

export type Errand = {
  readonly method: 'GET' | 'HEAD'
  readonly url: URL
  readonly reach: Reach
  readonly accept: string
  readonly limit: number
  /** Whether a digest guards the answer: only then may it come from another host (T86). */
  readonly guarded: boolean
  readonly authorization?: { readonly value: string; readonly kind: 'basic' | 'token' }
}

const isRedirect = (status: number): boolean =>
  status === 301 || status === 302 || status === 303 || status === 307 || status === 308

/** Follows redirects by hand (T86). Credentials stay behind at the first change of origin and never come back (T44). */
export async function follow(
  wire: Wire,
  rules: HostRules,
  limits: Limits,
  errand: Errand,
  signal: AbortSignal,
): Promise<Result> {
  let url = errand.url
  let abroad = false
  for (let hops = 0; ; hops++) {
    const login = abroad ? undefined : errand.authorization // T44
    const call: Call = {
      method: errand.method,
      url,
      reach: abroad ? rules.reachOfRedirect(url) : errand.reach,
      limit: errand.limit,
      headers: { accept: errand.accept, ...(login !== undefined && { authorization: login.value }) },
    }
    const reply = await wire.send(call, signal)
    if (isFailure(reply)) return reply
    if (!isRedirect(reply.status)) return { ...reply, redirected: hops > 0, abroad, authorised: login?.kind ?? 'no' }
    if (hops === limits.redirects) return failure('registry.redirect-refused', url.host, { found: url.host })
    const next = target(header(reply.headers, 'location'), url, errand, rules)
    if (isFailure(next)) return next
    abroad ||= next.origin !== errand.url.origin
    url = next
  }
}

function target(location: string | undefined, current: URL, errand: Errand, rules: HostRules): URL | Failure {
  const next = location === undefined ? null : URL.parse(location, current.href)
  if (next === null) return failure('registry.malformed', current.host, {})
  next.username = '' // T44: a login in a URL is nobody's
  next.password = ''
  next.hash = ''
  if (next.origin === errand.url.origin) return next
  if (!errand.guarded) return failure('registry.redirect-refused', current.host, { found: next.host }) // T86
  if (next.protocol === 'https:' || (next.protocol === 'http:' && rules.mayRedirectPlain(next))) return next
  return failure('registry.insecure-refused', current.host, { found: next.host }) // T47
}
