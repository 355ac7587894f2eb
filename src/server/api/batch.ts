import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import { decodeUtf8, parseJson } from '../../core/json.ts'
import type { Service } from '../../jobs/service.ts'
import { faultOf, sentProblem } from '../problems.ts'
import { admit, keep } from './door.ts'
import { define } from './route.ts'
import * as shapes from './shapes.ts'
import { keyHeader, locationOf } from './verifications.ts'

export const jsonLines = 'application/x-ndjson'

/** Many requests in one body, a line each. A line that is wrong is answered as such and stops no other. */
export function batch(app: FastifyInstance, service: Service): void {
  const { limits } = service
  app.addContentTypeParser(
    jsonLines,
    { parseAs: 'buffer', bodyLimit: limits.bodyBytes },
    async (_request: unknown, body: string | Buffer) => body,
  )
  define(app, {
    id: 'createVerifications',
    method: 'POST',
    url: '/verifications/batch',
    permission: 'verifications:write',
    tag: 'Verifications',
    summary: `Ask for up to ${limits.batchLines} artifacts, one request a line.`,
    headers: z.object({ 'idempotency-key': keyHeader }),
    body: shapes.request,
    readsBody: true,
    bodyType: jsonLines,
    answers: {
      200: { says: 'A line for each line, in the same order.', others: { [jsonLines]: shapes.batchLine } },
    },
    problems: [422],
    handle: async ({ headers, request }, reply) => {
      const lines = linesOf(request.body, limits.batchLines)
      const key = headers['idempotency-key']
      return reply.type(jsonLines).send(Readable.from(answersTo(lines, request, key)))
    },
  })

  async function* answersTo(lines: readonly Line[], request: FastifyRequest, key: string | undefined) {
    for (const { line, text } of lines) {
      const read = parseJson(text, limits.jsonDepth)
      const value = 'value' in read ? read.value : undefined
      const name = (value as { id?: unknown } | null | undefined)?.id
      const named = typeof name === 'string' && name.length <= 1024 ? { request: name } : {}
      try {
        if ('problem' in read || read.duplicateKey !== undefined)
          throw new Fault('request.malformed', {
            status: 422,
            parameters: { found: 'problem' in read ? `line ${line}: ${read.problem}` : `line ${line}: a key twice` },
          })
        const admitted = await admit(service, value)
        const own = key === undefined ? key : `${key} ${line}`
        const id = await keep(service, admitted, request.principal?.id ?? null, { key: own, span: request.span })
        yield `${JSON.stringify({ line, ...named, id, location: locationOf(id) })}\n`
      } catch (error) {
        const fault = faultOf(error)
        if (!(fault instanceof Fault)) request.log.error({ err: error }, 'a line of a batch')
        yield `${JSON.stringify({ line, ...named, problem: sentProblem(fault, request.id) })}\n`
      }
    }
  }
}

type Line = { readonly line: number; readonly text: string }

function linesOf(body: unknown, most: number): readonly Line[] {
  const text = body instanceof Uint8Array ? decodeUtf8(body) : undefined
  if (text === undefined) throw new Fault('request.malformed', { parameters: { found: 'body: not UTF-8' } })
  const lines = text
    .split('\n')
    .map((one, i) => ({ line: i + 1, text: one.trim() }))
    .filter((one) => one.text !== '')
  if (lines.length > most)
    throw new Fault('request.malformed', { status: 422, parameters: { found: `body: more than ${most} lines` } })
  return lines
}
