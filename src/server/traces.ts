import type { FastifyInstance } from 'fastify'
import type { Span, Tracing } from '../jobs/tracing.ts'

declare module 'fastify' {
  interface FastifyRequest {
    span: Span | undefined
  }
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE'])

/** A span for each request but those that only ask how we are: the route as it is declared, never the path. */
export function traces(app: FastifyInstance, tracing: Tracing): void {
  app.decorateRequest('span', undefined)
  app.addHook('onRequest', async (request) => {
    const { routeOptions, headers } = request
    const { url: route = 'none', config } = routeOptions
    if (config.probe === true || config.permission === 'operations:read') return
    const method = methods.has(request.method) ? request.method : '_OTHER'
    const { traceparent } = headers
    const parent = typeof traceparent === 'string' ? traceparent : undefined
    const attributes = { 'http.request.method': method, 'http.route': route, 'meshproof.request_id': request.id }
    request.span = tracing.begin(`${method} ${route}`, 'server', parent, attributes)
  })
  app.addHook('onResponse', async ({ span }, { statusCode }) => {
    span?.end({ 'http.response.status_code': statusCode }, statusCode >= 500 ? String(statusCode) : undefined)
  })
}
