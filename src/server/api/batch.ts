import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import { decodeUtf8, parseJson } from '../../core/json.ts'
import type { Service } from '../../jobs/service.ts'
import { faultOf, sentProblem } from '../problems.ts'
import { type Admitted, type Asker, admit, keepAll } from './door.ts'
import { define } from './route.ts'
import * as shapes from './shapes.ts'
import { cacheHeader, isFresh, keyHeader, locationOf } from './verifications.ts'

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
    headers: z.object({ 'idempotency-key': keyHeader, 'cache-control': cacheHeader }),
    body: shapes.request,
    readsBody: true,
    bodyType: jsonLines,
    answers: {
      200: { says: 'A line for each line, in the same order.', others: { [jsonLines]: shapes.batchLine } },
    },
    problems: [422],
    handle: async ({ headers, request }, reply) => {
      const lines = linesOf(request.body, limits.batchLines)
      const asker = {
        principal: request.principal?.id ?? null,
        key: headers['idempotency-key'],
        fresh: isFresh(headers['cache-control']),
        span: request.span,
      }
      return reply.type(jsonLines).send(Readable.from(answersTo(lines, request, asker)))
    },
  })

  async function* answersTo(lines: readonly Line[], request: FastifyRequest, asker: Asker) {
    for (let i = 0; i < lines.length; i += limits.batchAtOnce) {
      const some: Read[] = []
      for (const line of lines.slice(i, i + limits.batchAtOnce)) some.push(await readLine(line, asker))
      for (const answer of await keepLines(some)) yield `${JSON.stringify(toldOf(answer, request))}\n`
    }
  }

  async function readLine({ line, text }: Line, asker: Asker): Promise<Read> {
    const read = parseJson(text, limits.jsonDepth)
    const value = 'value' in read ? read.value : undefined
    const name = (value as { id?: unknown } | null | undefined)?.id
    const told = { line, ...(typeof name === 'string' && name.length <= 1024 && { request: name }) }
    try {
      if ('problem' in read || read.duplicateKey !== undefined)
        throw new Fault('request.malformed', {
          status: 422,
          parameters: { found: 'problem' in read ? `line ${line}: ${read.problem}` : `line ${line}: a key twice` },
        })
      const key = asker.key === undefined ? undefined : `${asker.key} ${line}`
      return { told, admitted: await admit(service, value), asker: { ...asker, key } }
    } catch (error) {
      return { told, error }
    }
  }

  /** Those that can be read in one transaction. */
  async function keepLines(some: readonly Read[]): Promise<readonly Answer[]> {
    const good = some.flatMap((one) => ('admitted' in one ? [one] : []))
    const kept = await keepAll(service, good).catch((error: unknown) => good.map(() => error))
    const of = new Map(good.map(({ told }, i) => [told.line, kept[i]]))
    return some.map((one) => {
      const end = 'error' in one ? one.error : of.get(one.told.line)
      return typeof end === 'object' && end !== null && 'id' in end
        ? { told: one.told, id: String(end.id) }
        : { told: one.told, error: end }
    })
  }

  function toldOf(answer: Answer, request: FastifyRequest): object {
    if ('id' in answer) return { ...answer.told, id: answer.id, location: locationOf(answer.id) }
    const fault = faultOf(answer.error)
    if (!(fault instanceof Fault)) request.log.error({ err: answer.error }, 'a line of a batch')
    return { ...answer.told, problem: sentProblem(fault, request.id) }
  }
}

type Told = { readonly line: number; readonly request?: string }
type Read =
  | { readonly told: Told; readonly error: unknown }
  | { readonly told: Told; readonly admitted: Admitted; readonly asker: Asker }
type Answer = { readonly told: Told; readonly error: unknown } | { readonly told: Told; readonly id: string }

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
