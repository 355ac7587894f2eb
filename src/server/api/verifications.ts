import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import type { Service } from '../../jobs/service.ts'
import { hasEnded } from '../../store/request-row.ts'
import { admit, keep } from './door.ts'
import { operationOf, verificationOf } from './operation.ts'
import { define } from './route.ts'
import * as shapes from './shapes.ts'
import { ended, Places, waitOf } from './waiting.ts'

export const keyHeader = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, '1 to 200 visible characters')
  .optional()
  .describe('The same key and body within 24 hours: the first answer again; another body is refused.')
export const cacheHeader = z
  .string()
  .max(256)
  .optional()
  .describe('no-cache: look everything up anew, whatever was found a moment ago.')
const locationHeader = { location: 'Where it is found.' }
export const idParams = z.object({ id: shapes.idShape })

/** Ask, look, cancel, try again. */
export function verifications(app: FastifyInstance, service: Service): void {
  const { requests, limits } = service
  const places = new Places(limits.waiters, 'waiting requests')

  define(app, {
    id: 'createVerification',
    method: 'POST',
    url: '/verifications',
    permission: 'verifications:write',
    tag: 'Verifications',
    summary: 'Ask for an artifact to be verified.',
    headers: z.object({
      'idempotency-key': keyHeader,
      'cache-control': cacheHeader,
      prefer: z
        .string()
        .max(256)
        .optional()
        .describe(`wait=N: up to ${limits.waitMs / 1000} seconds for the answer.`),
    }),
    body: shapes.request,
    readsBody: true,
    answers: {
      200: {
        says: 'It was done in the time that Prefer gave, or asks what was answered just now.',
        schema: shapes.verification,
        headers: locationHeader,
      },
      202: {
        says: 'It is kept and will be done.',
        schema: shapes.operation,
        headers: { ...locationHeader, 'retry-after': 'Seconds after which to look again.' },
      },
    },
    problems: [422],
    handle: async ({ headers, request }, reply) => {
      const admitted = await admit(service, request.body)
      const { id, done, answered } = await keep(service, admitted, {
        principal: request.principal?.id ?? null,
        key: headers['idempotency-key'],
        fresh: isFresh(headers['cache-control']),
        span: request.span,
      })
      reply.header('location', locationOf(id))
      if (answered !== undefined) return verificationOf(answered.row, answered.result)
      const waitMs = waitOf(headers.prefer, limits.waitMs)
      const waits = waitMs !== undefined && !done && !places.areFull
      const row = waits ? await wait(id, waitMs, request, reply) : await requests.find(id)
      if (row === undefined) throw unknown(id)
      if ((done || waitMs !== undefined) && hasEnded(row)) return verificationOf(row, await requests.result(id))
      return reply.code(202).header('retry-after', '1').send(operationOf(row))
    },
  })

  async function wait(id: string, waitMs: number, { raw }: FastifyRequest, reply: FastifyReply) {
    const leave = places.take()
    const gone = new AbortController()
    raw.socket.once('close', () => gone.abort())
    try {
      reply.header('preference-applied', `wait=${Math.ceil(waitMs / 1000)}`)
      return await ended(service, id, waitMs, gone.signal)
    } finally {
      leave()
    }
  }

  define(app, {
    id: 'getVerification',
    method: 'GET',
    url: '/verifications/:id',
    permission: 'verifications:read',
    tag: 'Verifications',
    summary: 'State, progress and answer.',
    params: idParams,
    answers: { 200: { says: 'The verification.', schema: shapes.verification } },
    problems: [404],
    handle: async ({ params: { id } }, reply) => {
      const row = await requests.find(id)
      if (row === undefined) throw unknown(id)
      if (!hasEnded(row)) reply.header('retry-after', '1')
      return verificationOf(row, await requests.result(id))
    },
  })

  for (const [verb, expected, says] of [
    ['cancel', 'cancelled', 'It will not be done.'],
    ['retry', 'tried again', 'It will be done from the start.'],
  ] as const)
    define(app, {
      id: `${verb}Verification`,
      method: 'POST',
      url: `/verifications/:id/${verb}`,
      permission: 'verifications:write',
      tag: 'Verifications',
      summary: verb === 'cancel' ? 'Give up what has not ended.' : 'Begin again what was parked or cancelled.',
      params: idParams,
      answers: { 200: { says, schema: shapes.operation } },
      problems: [404, 409],
      handle: async ({ params: { id }, request }) => {
        const by = request.principal?.id ?? null
        const turned = verb === 'cancel' ? await requests.cancel(id, by) : await requests.retry(id, by)
        const row = await requests.find(id)
        if (row === undefined) throw unknown(id)
        if (!turned) throw new Fault('request.state', { status: 409, parameters: { found: row.state, expected } })
        if (verb === 'retry') await service.enqueue(id, row.attempt)
        return operationOf(row)
      },
    })
}

/** `no-cache` of Cache-Control (RFC 9111): what is stored is no answer. */
export const isFresh = (cacheControl: string | undefined): boolean =>
  /(?:^|,)\s*no-cache\s*(?:,|$)/i.test(cacheControl ?? '')

export const locationOf = (id: string): string => `/api/v1/verifications/${id}`
export const unknown = (id: string): Fault => new Fault('request.unknown', { status: 404, parameters: { found: id } })
