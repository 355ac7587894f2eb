import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Service } from '../../jobs/service.ts'
import type { Visitor } from '../../store/access.ts'
import { Rates } from '../rates.ts'
import { sessionOf } from './cookie.ts'
import { demand, type Principal, type Scope, scopes } from './permission.ts'
import { demandSameSite } from './same-site.ts'

const safe = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Before anything else of a request is looked at: who calls, whether it may, and whether it calls too often. */
export function identify(app: FastifyInstance, service: Service): void {
  const { access, limits, config } = service
  const rates = new Rates({ windowMs: limits.rateWindowMs, keys: limits.rateKeys })
  app.decorateRequest('principal', undefined)
  app.addHook('onRequest', async (request) => {
    const { permission: usual, verbose = usual, probe } = request.routeOptions.config
    const permission = Object.hasOwn(request.query as object, 'verbose') ? verbose : usual
    if (permission === undefined) return rates.take(request.ip, limits.rateAddress) // no route: the answer is 404
    if (permission === 'public') {
      if (!safe.has(request.method)) demandSameSite(request, config.origin)
      return probe === true ? undefined : rates.take(request.ip, limits.rateAddress)
    }
    const principal = await principalOf(request, access, limits)
    if (principal === undefined) rates.take(`refused ${request.ip}`, limits.rateRefused)
    else rates.take(principal.id, limits.ratePrincipal)
    request.principal = principal
    demand(principal, permission)
    if (principal?.by === 'session' && !safe.has(request.method)) demandSameSite(request, config.origin)
  })
}

/** A token where one is sent, else the session of the cookie; a bad token is not made up for by a good cookie. */
async function principalOf(
  { headers }: FastifyRequest,
  access: Service['access'],
  limits: Service['limits'],
): Promise<Principal | undefined> {
  const { authorization } = headers
  if (authorization !== undefined) {
    const [, token] = /^Bearer ([\w-]+)$/i.exec(authorization) ?? []
    const visitor = token === undefined ? undefined : await access.token(token, limits.sessionTouchMs)
    return visitor && { ...visitor, scopes: scopesOf(visitor), by: 'token' }
  }
  const secret = sessionOf(headers.cookie)
  const visitor =
    secret === undefined ? undefined : await access.session(secret, limits.sessionIdleMs, limits.sessionTouchMs)
  return visitor === undefined ? undefined : { ...visitor, scopes: scopesOf(visitor), by: 'session' }
}

const scopesOf = (visitor: Visitor): readonly Scope[] => scopes.filter((scope) => visitor.scopes.includes(scope))
