import type { FastifyPluginAsync } from 'fastify'
import type { Service } from '../../jobs/service.ts'
import { verifications } from './verifications.ts'

/** Everything below `/api/v1`. */
export const api =
  (service: Service): FastifyPluginAsync =>
  async (app) => {
    await app.register(verifications(service))
  }
