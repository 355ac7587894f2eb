import type { FastifyInstance } from 'fastify'
import type { Service } from '../../jobs/service.ts'
import { metrics } from './metrics.ts'
import { readiness } from './readiness.ts'

/** For whoever runs it: is it alive, can it work, what has it done. */
export function operations(app: FastifyInstance, service: Service, stopping: AbortSignal): void {
  const registry = metrics(app, service)

  app.get('/livez', { config: { permission: 'public' } }, async (_request, reply) =>
    reply.type('text/plain').send('ok\n'),
  )

  // One bit for load balancers, which hold no token; what is missing is for those who may know.
  const readyz = { permission: 'public', verbose: 'operations:read' } as const
  app.get('/readyz', { config: readyz }, async ({ principal }, reply) => {
    const checks = await readiness(service, stopping.aborted)
    const ready = checks.every((one) => one.ready)
    reply.code(ready ? 200 : 503)
    return principal === undefined
      ? reply.type('text/plain').send(ready ? 'ready\n' : 'not ready\n')
      : { ready, checks }
  })
  app.get('/metrics', { config: { permission: 'operations:read' } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  )
}
