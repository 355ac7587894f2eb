import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { digestOf } from '../../core/digest.ts'
import type { Service } from '../../jobs/service.ts'
import { hasEnded, type RequestRow } from '../../store/request-row.ts'
import { operationOf } from './operation.ts'
import { define } from './route.ts'
import { idParams, unknown } from './verifications.ts'
import { Places } from './waiting.ts'

const type = 'text/event-stream'

/**
 * The life of one verification as server-sent events. The row is polled, so it is the same whichever process works on it;
 * the id of an event is the digest of what it says, so a client that comes back with it hears only what is new.
 */
export function events(app: FastifyInstance, service: Service, stopping: AbortSignal): void {
  const { requests, limits } = service
  const places = new Places(limits.eventStreams, 'event streams')
  define(app, {
    id: 'watchVerification',
    method: 'GET',
    url: '/verifications/:id/events',
    permission: 'verifications:read',
    tag: 'Verifications',
    summary: 'Watch a verification; the stream ends with it.',
    params: idParams,
    headers: z.object({ 'last-event-id': z.string().max(128).optional() }),
    answers: {
      200: { says: 'Events `state`, each with the verification without its answer.', others: { [type]: 'text' } },
      204: { says: 'It has ended, and the last event was heard.' },
    },
    problems: [404],
    handle: async ({ params: { id }, headers, request }, reply) => {
      const first = await requests.find(id)
      if (first === undefined) throw unknown(id)
      const heard = headers['last-event-id']
      if (hasEnded(first) && heard === eventOf(first).id) return reply.code(204).send()
      const leave = places.take()
      const gone = new AbortController()
      const { raw } = reply
      raw.once('close', () => gone.abort())
      const signal = AbortSignal.any([gone.signal, stopping])
      reply.hijack()
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': type,
        'x-accel-buffering': 'no',
      })
      try {
        await tell(raw, id, first, heard, signal)
      } catch (error) {
        request.log.error({ err: error }, 'an event stream')
      } finally {
        leave()
        raw.end()
      }
    },
  })

  type Raw = { write(text: string): boolean; readonly writableLength: number; destroy(): unknown }

  async function tell(raw: Raw, id: string, first: RequestRow, heard: string | undefined, signal: AbortSignal) {
    let last = heard
    let quietSince = performance.now()
    for (let row: RequestRow | undefined = first; row !== undefined && !signal.aborted; row = await requests.find(id)) {
      const event = eventOf(row)
      if (event.id !== last) {
        raw.write(`id: ${event.id}\nevent: state\ndata: ${event.data}\n\n`)
        last = event.id
        quietSince = performance.now()
      } else if (performance.now() - quietSince > limits.eventCommentMs) {
        raw.write(': still there\n\n')
        quietSince = performance.now()
      }
      if (raw.writableLength > limits.eventBytes) raw.destroy() // R15: nobody reads
      if (hasEnded(row)) return
      await sleep(limits.progressMs, undefined, { signal }).catch(() => {})
    }
  }
}

function eventOf(row: RequestRow): { readonly id: string; readonly data: string } {
  const data = JSON.stringify(operationOf(row))
  return { id: digestOf(data).slice(7, 39), data }
}
