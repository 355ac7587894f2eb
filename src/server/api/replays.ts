import type { FastifyInstance } from 'fastify'
import { replayStored, type Serving, type StoredReplay, storedRequest } from '../../jobs/stored-replay.ts'
import { insteadOf } from './instead.ts'
import { packTar } from './pack-tar.ts'
import { define } from './route.ts'
import * as shapes from './shapes.ts'
import { digestParams } from './stored.ts'

/** A verdict judged again from what is stored: to the same bytes, or under another policy, trusted root or date. */
export function replays(app: FastifyInstance, service: Serving): void {
  const { database, limits } = service
  define(app, {
    id: 'replayVerdict',
    method: 'POST',
    url: '/verdicts/:digest/replays',
    permission: 'verifications:read',
    tag: 'Verdicts',
    summary: 'Judge again, from what is stored.',
    params: digestParams,
    body: shapes.replayRequest,
    answers: { 200: { says: 'What came of it.', schema: shapes.replay } },
    problems: [404, 422],
    handle: async ({ params: { digest }, body }) =>
      shown(await replayStored(service, digest, await insteadOf(service, body))),
  })

  define(app, {
    id: 'getPack',
    method: 'GET',
    url: '/verdicts/:digest/pack',
    permission: 'evidence:read',
    tag: 'Verdicts',
    summary: 'All that the verdict stands on, as an evidence pack: an OCI layout in a tar.',
    params: digestParams,
    answers: {
      200: { says: 'The pack; meshproof replay judges it again offline.', others: { 'application/x-tar': 'bytes' } },
    },
    problems: [404],
    handle: async ({ params: { digest } }, reply) => {
      const { request, documents } = await storedRequest(database, limits, digest)
      const name = `meshproof-pack-${digest.slice(7, 23)}.tar`
      reply.header('content-disposition', `attachment; filename="${name}"; filename*=UTF-8''${name}`)
      return reply.type('application/x-tar').send(packTar(request, documents))
    },
  })
}

export const shown = ({ was: _, ...replayed }: Awaited<ReturnType<typeof replayStored>>): StoredReplay => replayed
