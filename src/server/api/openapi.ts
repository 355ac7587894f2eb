import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { policySchema } from '../../policy/schema.ts'
import type { Permission } from '../auth/permission.ts'
import type { Described, Reply } from './route.ts'
import * as shapes from './shapes.ts'

type Node = { [key: string]: unknown }
type Collected = {
  readonly method: string
  readonly url: string
  readonly permission: Permission
  readonly described: Described
}

const given: Readonly<Record<string, z.ZodType>> = {
  Request: shapes.request,
  Policy: policySchema,
  TrustedRoot: shapes.trustRoot,
  Replay: shapes.replayRequest,
  NewToken: shapes.tokenRequest,
}
const got: Readonly<Record<string, z.ZodType>> = {
  Problem: shapes.problem,
  Finding: shapes.finding,
  Answer: shapes.answer,
  Verdict: shapes.verdict,
  Verification: shapes.verification,
  Operation: shapes.operation,
  VerificationList: shapes.verificationList,
  BatchLine: shapes.batchLine,
  Artifact: shapes.artifact,
  Observations: shapes.observations,
  ReplayResult: shapes.replay,
  Named: shapes.named,
  NamedList: shapes.namedList,
  Document: shapes.document,
  Token: shapes.token,
  TokenMade: shapes.newToken,
  TokenList: shapes.tokenList,
  SessionList: shapes.sessionList,
}

/** Remembers every route that describes itself; the document is made when it is asked for. */
export function collectOperations(app: FastifyInstance): () => object {
  const collected: Collected[] = []
  app.addHook('onRoute', ({ method, url, config }) => {
    const { described, permission = 'public' } = config ?? {}
    if (described !== undefined && method !== 'HEAD')
      collected.push({ method: String(method).toLowerCase(), url, permission, described })
  })
  let document: object | undefined
  return () => {
    document ??= documentOf(collected)
    return document
  }
}

function documentOf(collected: readonly Collected[]): object {
  const paths: Record<string, Node> = {}
  for (const one of collected) {
    const path = one.url.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [one.method]: operationOf(one) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'meshproof',
      version: '1',
      description: 'Proof, not promise, that a service mesh runs what it should.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas: { ...componentsOf(given, 'input'), ...componentsOf(got, 'output') },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'meshproof token create' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-meshproof' },
      },
    },
  }
}

const everywhere = [400, 401, 403, 429, 500, 503] as const
const meanings: Readonly<Record<number, string>> = {
  400: 'The request cannot be read.',
  401: 'Nobody is signed in.',
  403: 'This is not allowed.',
  404: 'There is no such thing.',
  409: 'Its state does not allow this.',
  412: 'What is stored is not what If-Match says.',
  413: 'The body is too large.',
  415: 'The body is of another type.',
  422: 'The request is readable and wrong.',
  428: 'If-Match is missing.',
  429: 'Too many requests.',
  500: 'meshproof failed on its own.',
  503: 'Not now; Retry-After says when.',
}

function operationOf({ described, permission, method }: Collected): Node {
  const { id, summary, tag, params, query, headers, body, bodyType = 'application/json', answers, problems } = described
  const unsafe = method === 'get' || method === 'delete' ? [] : [413, 415]
  const wrong = [...new Set([...everywhere, ...unsafe, ...problems])].sort((a, b) => a - b)
  return {
    operationId: id,
    summary,
    tags: [tag],
    ...(permission === 'public' ? { security: [] } : { description: `Needs: ${permission}.` }),
    parameters: [...parametersOf(params, 'path'), ...parametersOf(query, 'query'), ...parametersOf(headers, 'header')],
    ...(body !== undefined && {
      requestBody: { required: true, content: { [bodyType]: { schema: refOf(body, 'input') } } },
    }),
    responses: Object.fromEntries([
      ...Object.entries(answers).map(([status, reply]) => [status, replyOf(reply)]),
      ...wrong.map((status) => [
        String(status),
        {
          description: meanings[status] ?? '',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      ]),
    ]),
  }
}

function replyOf({ says, schema, others = {}, headers = {} }: Reply): Node {
  const all: NonNullable<Reply['others']> = { ...(schema !== undefined && { 'application/json': schema }), ...others }
  const content = Object.entries(all).map(([type, what]) => [
    type,
    what === 'bytes' ? {} : { schema: what === 'text' ? { type: 'string' } : refOf(what, 'output') },
  ])
  return {
    description: says,
    ...(content.length > 0 && { content: Object.fromEntries(content) }),
    ...(Object.keys(headers).length > 0 && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
      ),
    }),
  }
}

function parametersOf(shape: z.ZodObject | undefined, place: 'path' | 'query' | 'header'): Node[] {
  if (shape === undefined) return []
  const { properties = {}, required = [] } = schemaOf(shape, 'input') as {
    properties?: Record<string, Node>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema,
  }))
}

/** By name where it has one. */
function refOf(schema: z.ZodType, io: 'input' | 'output'): Node {
  const named = Object.entries(io === 'input' ? given : got).find(([, one]) => one === schema)
  return named === undefined ? schemaOf(schema, io) : { $ref: `#/components/schemas/${named[0]}` }
}

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Node => {
  const { $schema: _, ...plain } = z.toJSONSchema(schema, { io, unrepresentable: 'any', override }) as Node
  return plain
}

function componentsOf(shapesOf: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output'): Record<string, Node> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(shapesOf)) registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, {
    io,
    unrepresentable: 'any',
    override,
    uri: (id) => `#/components/schemas/${id}`,
  }) as { schemas: Record<string, Node> }
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema]))
}

const local = ['path', 'file', 'layout', 'securityAssets', 'installed']

/** The command line's requests may name files; the API takes none, so the document does not offer them. */
function override({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: Node }): void {
  if (zodSchema._zod.def.type === 'custom') Object.assign(jsonSchema, { $ref: '#/components/schemas/Policy' })
  const { anyOf, properties } = jsonSchema as { anyOf?: Node[]; properties?: Record<string, unknown> }
  if (anyOf !== undefined)
    jsonSchema['anyOf'] = anyOf.filter(
      ({ properties: inner }) => !Object.keys((inner as object | undefined) ?? {}).some((key) => local.includes(key)),
    )
  if (properties?.['installed'] !== undefined && properties['offline'] !== undefined) delete properties['installed']
}
