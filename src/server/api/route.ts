import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import type { Permission } from '../auth/permission.ts'

/** One kind of answer: JSON of a schema, and whatever else may be asked for in its place. */
export type Reply = {
  readonly says: string
  readonly schema?: z.ZodType
  /** By media type: the schema of a line, text, or bytes. */
  readonly others?: Readonly<Record<string, z.ZodType | 'text' | 'bytes'>>
  readonly headers?: Readonly<Record<string, string>>
}

export type Described = {
  readonly id: string
  readonly summary: string
  readonly tag: string
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly headers?: z.ZodObject
  readonly body?: z.ZodType
  readonly bodyType?: string
  readonly answers: Readonly<Record<number, Reply>>
  /** Statuses that answer with a problem, beside those that every route has. */
  readonly problems: readonly number[]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    described?: Described
  }
}

type Read<S> = S extends z.ZodType ? z.output<S> : undefined

/**
 * One operation of the API: the schemas here parse the request and are the document (OpenAPI) at once, so the two cannot
 * say different things.
 */
export function define<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  H extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  app: FastifyInstance,
  operation: Omit<Described, 'params' | 'query' | 'headers' | 'body'> & {
    readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
    readonly url: string
    readonly permission: Permission
    readonly params?: P
    readonly query?: Q
    readonly headers?: H
    readonly body?: B
    /** The handler reads the body: `body` only describes it. */
    readonly readsBody?: true
    readonly handle: (
      asked: {
        readonly params: Read<P>
        readonly query: Read<Q>
        readonly headers: Read<H>
        readonly body: Read<B>
        readonly request: FastifyRequest
      },
      reply: FastifyReply,
    ) => Promise<unknown>
  },
): void {
  const { method, url, permission, handle, readsBody, ...described } = operation
  const { params, query, headers, body } = operation
  app.route({
    method,
    url,
    config: { permission, described: described as Described },
    handler: (request, reply) =>
      handle(
        {
          params: read(params, request.params, 'path', 404) as Read<P>,
          query: read(query, request.query, 'query', 400) as Read<Q>,
          headers: read(headers, request.headers, 'header', 400) as Read<H>,
          body: read(readsBody === true ? undefined : body, request.body, 'body', 422) as Read<B>,
          request,
        },
        reply,
      ),
  })
}

/** A path that cannot be one of ours leads nowhere; anything else that is wrong is named. */
function read(schema: z.ZodType | undefined, value: unknown, part: string, status: number): unknown {
  if (schema === undefined) return undefined
  const checked = schema.safeParse(value)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  const place = [part, ...(issue?.path ?? []).map(String)].join('.')
  if (part !== 'path')
    throw new Fault('request.malformed', { status, parameters: { found: `${place}: ${issue?.message ?? ''}` } })
  const found = Object.values(value as Readonly<Record<string, unknown>>).join('/')
  throw new Fault('store.unknown', { status, parameters: { found, expected: String(issue?.path[0] ?? 'thing') } })
}
