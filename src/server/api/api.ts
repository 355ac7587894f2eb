import type { FastifyPluginAsync } from 'fastify'
import type { Serving } from '../../jobs/stored-replay.ts'
import { batch } from './batch.ts'
import { readJsonBodies } from './body.ts'
import { documents } from './documents.ts'
import { events } from './events.ts'
import { verificationList } from './list.ts'
import { collectOperations } from './openapi.ts'
import { apiPage } from './page.ts'
import { replays } from './replays.ts'
import { stored } from './stored.ts'
import { tokens } from './tokens.ts'
import { verifications } from './verifications.ts'

/** Everything below `/api`, and the document that describes it. `stopping` ends what would go on for long. */
export const api =
  (service: Serving, stopping: AbortSignal): FastifyPluginAsync =>
  async (scope) => {
    const document = collectOperations(scope)
    readJsonBodies(scope, service.limits)
    await scope.register(
      async (app) => {
        verifications(app, service)
        batch(app, service)
        verificationList(app, service)
        events(app, service, stopping)
        stored(app, service)
        replays(app, service)
        documents(app, service)
        tokens(app, service)
        app.get('/openapi.json', { config: { permission: 'signed-in' } }, async () => document())
      },
      { prefix: '/v1' },
    )
    scope.get('/', { config: { permission: 'signed-in' } }, async (_request, reply) => apiPage(reply, document()))
  }
