import type { FastifyInstance } from 'fastify'
import type { Service } from '../../jobs/service.ts'
import { metrics } from './metrics.ts'
import { type Check, readiness } from './readiness.ts'

/** For whoever runs it: is it alive, can it work, what has it done. `open`: to whoever gets here. */
export function operations(app: FastifyInstance, service: Service, stopping: AbortSignal, open = false): void {
  const permission = open ? 'public' : 'operations:read'
  const registry = metrics(app, service)

  app.get('/livez', { config: { permission: 'public', probe: true } }, async (_request, reply) =>
    reply.type('text/plain').send('ok\n'),
  )

  // One bit for load balancers, which hold no token; what is missing is for those who may know.
  const readyz = { permission: 'public', verbose: permission, probe: true } as const
  let last = { checks: Promise.resolve<readonly Check[]>([]), until: Number.NEGATIVE_INFINITY }
  const shared = () => {
    const now = performance.now()
    if (now >= last.until) last = { checks: readiness(service), until: now + service.limits.readyMs }
    return last.checks
  }
  app.get('/readyz', { config: readyz }, async ({ principal, query }, reply) => {
    const checks = [...(stopping.aborted ? [leaving] : []), ...(await shared())]
    const ready = checks.every((one) => one.ready)
    reply.code(ready ? 200 : 503)
    const tells = principal !== undefined || (open && Object.hasOwn(query as object, 'verbose'))
    return !tells ? reply.type('text/plain').send(ready ? 'ready\n' : 'not ready\n') : { ready, checks }
  })
  app.get('/metrics', { config: { permission, ...(open && { probe: true }) } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  )
}

const leaving: Check = { name: 'process', ready: false, found: 'stopping' }
