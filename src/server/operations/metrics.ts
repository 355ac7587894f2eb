import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client'
import { versions } from '../../examine/versions.ts'
import type { Service } from '../../jobs/service.ts'
import type { Standing } from '../../store/trusted-roots.ts'

/**
 * Every label is of a closed set (T81): routes as they are declared, states and outcomes of our own; never a reference, a
 * digest or whatever a caller sent.
 */
export function metrics(app: FastifyInstance, service: Service): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const http = new Counter({
    name: 'meshproof_http_requests_total',
    help: 'Requests answered.',
    labelNames: ['method', 'route', 'status'] as const,
    registers,
  })
  const duration = new Histogram({
    name: 'meshproof_http_request_duration_seconds',
    help: 'Time to the end of the answer.',
    labelNames: ['route'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  })
  const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE'])
  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    const route = routeOptions.url ?? 'none'
    http.inc({ method: methods.has(method) ? method : 'other', route, status: String(reply.statusCode) })
    duration.observe({ route }, reply.elapsedTime / 1000)
  })

  // Of the rows, not of this process: the same whichever replica is asked, and after each restart.
  new Counter({
    name: 'meshproof_verifications_total',
    help: 'Verifications that came to a verdict, or to a problem.',
    labelNames: ['kind', 'verdict'] as const,
    registers,
    async collect() {
      this.reset()
      for (const { state, outcome, count } of await service.requests.counts())
        if (state === 'done') this.inc({ kind: 'verification', verdict: outcome ?? 'problem' }, count)
    },
  })
  new Gauge({
    name: 'meshproof_requests',
    help: 'Requests by state.',
    labelNames: ['state'] as const,
    registers,
    async collect() {
      for (const state of ['queued', 'running', 'done', 'parked', 'cancelled']) this.set({ state }, 0)
      for (const { state, count } of await service.requests.counts()) this.inc({ state }, count)
    },
  })
  new Gauge({
    name: 'meshproof_queue_jobs',
    help: 'Jobs of the queue by state.',
    labelNames: ['queue', 'state'] as const,
    registers,
    async collect() {
      const counts = await service.queue.counts().catch(() => ({}))
      for (const [state, count] of Object.entries(counts)) this.set({ queue: 'verification', state }, count)
    },
  })
  const { registry: asked, log, hits, misses } = service.tallies
  for (const [name, help, label, tally] of [
    ['registry_requests', 'Exchanges with registries, logins and redirects among them, by status.', 'result', asked],
    ['log_requests', 'Exchanges with the transparency log, by status.', 'result', log],
    ['cache_hits', 'Questions answered from what is remembered.', 'ask', hits],
    ['cache_misses', 'Questions for which somebody was asked.', 'ask', misses],
  ] as const)
    new Counter({
      name: `meshproof_${name}_total`,
      help,
      labelNames: [label] as const,
      registers,
      collect() {
        this.reset()
        for (const { labels, count } of tally.all()) this.inc(labels, count)
      },
    })
  const standing = () => service.roots.standing().catch(() => undefined)
  const trust = (name: string, help: string, value: (of: Standing) => number | undefined) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const known = await standing()
        const found = known && value(known)
        this.reset()
        if (found === undefined) this.remove()
        else this.set(found)
      },
    })
  trust(
    'meshproof_trust_age_seconds',
    'Time since TUF confirmed the trusted root; absent where it never did.',
    ({ asOf }) => asOf && Math.max(0, (service.clock.now() - asOf.getTime()) / 1000),
  )
  trust(
    'meshproof_trust_refreshed_timestamp_seconds',
    'When TUF last confirmed the trusted root; absent where it never did.',
    ({ asOf }) => asOf && asOf.getTime() / 1000,
  )
  trust(
    'meshproof_trust_refresh_failing',
    '1 while the last try to refresh the trusted root failed.',
    ({ failedAt }) => (failedAt === undefined ? 0 : 1),
  )
  const { meshproof = '', rules = '', node = '' } = versions()
  new Gauge({
    name: 'meshproof_build_info',
    help: 'What runs.',
    labelNames: ['version', 'rules', 'node'] as const,
    registers,
  }).set({ version: meshproof, rules, node }, 1)
  return registry
}
