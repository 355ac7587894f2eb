import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Fault } from '../core/fault.ts'
import { isLoopbackAddress } from '../evidence/http/addresses.ts'
import type { Service } from '../jobs/service.ts'
import type { Serving } from '../jobs/stored-replay.ts'
import { newId } from '../store/id.ts'
import { api } from './api/api.ts'
import { demandPermissions } from './auth/permission.ts'
import { identify } from './auth/principal.ts'
import { signIn } from './auth/sign-in.ts'
import { headersFor, secureHeaders } from './headers.ts'
import { operations } from './operations/operations.ts'
import { pages } from './pages/pages.ts'
import { problemPage } from './pages/problem.ts'
import { sendPage } from './pages/reply.ts'
import { faultOf, sentProblem } from './problems.ts'
import { traces } from './traces.ts'

export type AppOptions = {
  readonly log?: FastifyBaseLogger
}

declare module 'fastify' {
  interface FastifyInstance {
    /** R16: not ready from now on; what would go on for long ends. */
    drain(): void
  }
}

/** The HTTP service: every route with its permission. */
export async function createApp(service: Serving, options: AppOptions = {}): Promise<FastifyInstance> {
  const stop = new AbortController()
  const app = bare(service, options, stop)
  operations(app, service, stop.signal)
  await app.register(api(service, stop.signal), { prefix: '/api' })
  await app.register(signIn(service))
  await app.register(pages(service))
  return app
}

/**
 * For a process that serves nothing else: how it is and what it has done. On loopback without a token, since whoever is
 * there is at home; on any other address it asks for one as the whole service does.
 */
export async function createOperations(service: Service, options: AppOptions = {}): Promise<FastifyInstance> {
  const stop = new AbortController()
  const app = bare(service, options, stop)
  operations(app, service, stop.signal, isLoopbackAddress(service.config.operations.listen))
  return app
}

/** R15's time limits, RFC 9457 for whatever goes wrong, and nothing without a permission. */
function bare(service: Service, { log }: AppOptions, stop: AbortController): FastifyInstance {
  const { limits, config, tracing } = service
  const answer = answerWith(log === undefined ? service.report : () => {})
  const app: FastifyInstance = Fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.httpRequestMs,
    keepAliveTimeout: limits.httpKeepAliveMs,
    http: { headersTimeout: limits.httpHeadersMs, connectionsCheckingInterval: 1000 },
    forceCloseConnections: 'idle',
    trustProxy: config.proxies.length > 0 && [...config.proxies], // what others say of whom they speak for is not read
    genReqId: () => newId(),
    requestIdHeader: false,
    ...(log !== undefined && { loggerInstance: log }),
    return503OnClosing: false, // R16: what is under way while we end is answered
    // A path that Fastify cannot take apart meets no hook and no handler of ours but this.
    frameworkErrors: (error, request, reply) => {
      answer(error, request, reply.headers(headersFor(config.origin)))
    },
  })
  app.decorate('drain', () => stop.abort())
  // R16: so that a connection whose request was half-way through ends with its answer.
  app.addHook('onSend', async (_request, reply) => {
    if (service.life.leaving) reply.header('connection', 'close')
  })
  demandPermissions(app)
  traces(app, tracing)
  secureHeaders(app, config.origin)
  identify(app, service)
  app.setErrorHandler((thrown, request, reply) => answer(thrown, request, reply))
  app.setNotFoundHandler((request) => {
    const found = request.url.split('?')[0] ?? ''
    throw new Fault('request.no-route', { status: 404, parameters: { found } })
  })
  return app
}

/** RFC 9457 for programs, a page for people; the cause goes to the log. */
function answerWith(
  report: Service['report'],
): (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  return (thrown, request, reply) => {
    const error = faultOf(thrown)
    const problem = sentProblem(error, request.id)
    if (problem.status >= 500) {
      request.log.error({ err: thrown, code: problem.code }, problem.code)
      if (problem.code === 'internal.crash') report(thrown)
    } else if (problem.code.startsWith('access.')) request.log.warn({ code: problem.code }, 'refused')
    if (error instanceof Fault && error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter)
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="meshproof"')
    const wantsPage = !request.url.startsWith('/api/v1') && request.headers.accept?.includes('text/html') === true
    if (wantsPage && problem.status === 401 && request.method === 'GET')
      return reply.code(303).header('location', '/sign-in').send()
    if (wantsPage)
      return sendPage(reply, problemPage(problem, { isGuest: request.principal === undefined }), problem.status)
    return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem))
  }
}
