import type { FastifyInstance } from 'fastify'
import { Fault } from '../../core/fault.ts'
import type { Limits } from '../../core/limits.ts'

/** What a form of ours sent: each field at most once. */
export type Form = ReadonlyMap<string, string>

/** Reads `application/x-www-form-urlencoded` for the routes registered after it in the same scope, as a `Form`. */
export function readForms(app: FastifyInstance, limits: Limits): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: limits.formBytes },
    async (_request: unknown, body: string | Buffer) => parseForm(String(body), limits.formFields),
  )
}

export function parseForm(text: string, most: number): Form {
  const form = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(text)) {
    if (form.has(name) || form.size >= most)
      throw new Fault('request.malformed', {
        parameters: { found: form.has(name) ? `${name}: twice` : 'too many fields' },
      })
    form.set(name, value)
  }
  return form
}

/** The form of a request; a POST without one is an empty form. */
export const formOf = (body: unknown): Form => (body instanceof Map ? (body as Form) : new Map<string, string>())
