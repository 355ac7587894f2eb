import Fastify, { type FastifyInstance } from 'fastify'
import { Fault } from '../core/fault.ts'
import { problemOf } from '../core/problem.ts'
import type { Service } from '../jobs/service.ts'
import { api } from './api/api.ts'
import { demandPermissions } from './auth/permission.ts'
import { pages } from './pages/pages.ts'

/** The HTTP service: R15's time limits, RFC 9457 for whatever goes wrong, and every route with its permission. */
export async function createApp(service: Service): Promise<FastifyInstance> {
  const { limits } = service
  const app = Fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.httpRequestMs,
    keepAliveTimeout: limits.httpKeepAliveMs,
    http: { headersTimeout: limits.httpHeadersMs, connectionsCheckingInterval: 1000 },
    forceCloseConnections: 'idle',
    return503OnClosing: false, // R16: what is under way while we end is answered
  })
  demandPermissions(app)
  app.decorateRequest('principal', undefined)
  app.setErrorHandler((error, _request, reply) => {
    const problem = problemOf(faultOf(error))
    if (problem.code === 'internal.crash') service.report(error)
    return reply.code(problem.status).type('application/problem+json').send(problem)
  })
  app.setNotFoundHandler((request, reply) => {
    const problem = problemOf(new Fault('request.no-route', { status: 404, parameters: { found: request.url } }))
    return reply.code(404).type('application/problem+json').send(problem)
  })
  await app.register(api(service), { prefix: '/api/v1' })
  await app.register(pages(service))
  return app
}

/** Fastify's own errors keep their status and get a code of ours. */
function faultOf(error: unknown): unknown {
  if (error instanceof Fault) return error
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined
  if (typeof status !== 'number' || status >= 500) return error
  const found = error instanceof Error ? error.message : ''
  return status === 413
    ? new Fault('request.too-large', { status, cause: error })
    : new Fault('request.malformed', { status, cause: error, parameters: { found } })
}
