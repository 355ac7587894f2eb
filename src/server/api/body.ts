import type { FastifyInstance } from 'fastify'
import { Fault } from '../../core/fault.ts'
import { parseJson } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'

/** The API takes JSON and says so: a form of another site is no request (T35, T79: a key that stands twice is refused). */
export function readJsonBodies(app: FastifyInstance, limits: Limits): void {
  app.removeAllContentTypeParsers()
  app.decorateRequest('bytes', undefined)
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: limits.bodyBytes },
    async (request: { bytes: Uint8Array | undefined }, body: string | Buffer) => {
      const bytes = Buffer.from(body)
      const parsed = parseJson(bytes, limits.jsonDepth)
      if ('problem' in parsed) throw malformed(parsed.problem)
      if (parsed.duplicateKey !== undefined) throw malformed(`the key ${parsed.duplicateKey} twice`)
      request.bytes = bytes
      return parsed.value
    },
  )
  const unread = ['POST', 'PUT']
  app.addHook('preValidation', async ({ method, headers, routeOptions }) => {
    if (!unread.includes(method) || routeOptions.config.described?.body === undefined) return
    if (headers['content-type'] === undefined)
      throw new Fault('request.media-type', {
        status: 415,
        parameters: {
          found: 'of no type',
          expected: routeOptions.config.described.bodyType ?? 'application/json',
        },
      })
  })
}

const malformed = (found: string): Fault => new Fault('request.malformed', { parameters: { found: `body: ${found}` } })
