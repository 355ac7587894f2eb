import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { digestOf, isDigest } from '../../core/digest.ts'
import { Fault } from '../../core/fault.ts'
import { decodeUtf8, type Sealed } from '../../core/json.ts'
import { formatTime } from '../../core/time.ts'
import { policyFault } from '../../examine/prepare.ts'
import type { Service } from '../../jobs/service.ts'
import { loadPolicy, type PolicyProblem, policyWarnings } from '../../policy/read.ts'
import type { Expected, Named, NamedKind } from '../../store/documents.ts'
import { keptUnder } from '../../store/evidence.ts'
import { publicGood } from '../../store/trusted-roots.ts'
import { parseTrustedRoot } from '../../verify/trust/trusted-root.ts'
import { define } from './route.ts'
import * as shapes from './shapes.ts'
import { notStored } from './stored.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** A JSON body as it came. */
    bytes: Uint8Array | undefined
  }
}

type Kind = {
  readonly kind: NamedKind
  readonly path: string
  readonly noun: string
  readonly title: string
  readonly body: z.ZodType
  readonly read: (
    body: unknown,
    bytes: Uint8Array,
    service: Service,
  ) => Sealed & { readonly warnings?: readonly PolicyProblem[] }
}

const kinds: readonly Kind[] = [
  {
    kind: 'policy',
    path: '/policies',
    noun: 'policy',
    title: 'Policy',
    body: shapes.policy,
    read: (body) => {
      const loaded = loadPolicy(body)
      if ('problems' in loaded) throw policyFault(loaded.problems, 422)
      return { ...loaded.sealed, warnings: policyWarnings(loaded.policy) }
    },
  },
  {
    kind: 'trust',
    path: '/trust-roots',
    noun: 'trusted root',
    title: 'TrustRoot',
    body: shapes.trustRoot,
    read: (_body, bytes, { limits }) => {
      const root =
        bytes.length > limits.trustedRootBytes ? { problem: 'too large' } : parseTrustedRoot(bytes, limits.jsonDepth)
      if ('problem' in root) throw new Fault('trust.malformed', { status: 422, parameters: { found: root.problem } })
      return { bytes, digest: digestOf(bytes) }
    },
  },
]

const named = z.object({ name: shapes.nameShape })
const etagOf = (digest: string): string => `"${digest}"`

/** Policies and trusted roots under names of the operator's; what a name meant before is kept. */
export function documents(app: FastifyInstance, service: Service): void {
  for (const kind of kinds) documentsOf(app, service, kind)
}

function documentsOf(app: FastifyInstance, service: Service, { kind, path, noun, title, body, read }: Kind): void {
  const { documents: store, database, limits } = service
  const etag = { etag: 'The digest, for If-Match.' }
  const plural = kind === 'policy' ? 'Policies' : 'TrustRoots'

  define(app, {
    id: `list${plural}`,
    method: 'GET',
    url: path,
    permission: 'documents:read',
    tag: 'Documents',
    summary: `What each name of a ${noun} means now.`,
    answers: { 200: { says: 'By name.', schema: shapes.namedList } },
    problems: [],
    handle: async () => ({ documents: (await store.list(kind, limits.documentNames)).map(shown) }),
  })

  define(app, {
    id: `put${title}`,
    method: 'PUT',
    url: `${path}/:name`,
    permission: 'documents:write',
    tag: 'Documents',
    summary: `Give a name to a ${noun}.`,
    params: named,
    headers: z.object({
      'if-match': z.string().max(256).optional().describe('The ETag of what is there; needed where something is.'),
      'if-none-match': z.literal('*').optional().describe('Only where nothing is there.'),
    }),
    body,
    readsBody: true,
    answers: {
      200: { says: 'The name means it now.', schema: shapes.named, headers: etag },
      201: { says: 'The name is new.', schema: shapes.named, headers: etag },
    },
    problems: [404, 412, 422, 428],
    handle: async ({ params: { name }, headers, request }, reply) => {
      if (kind === 'trust' && name === publicGood)
        throw new Fault('trust.name-reserved', { status: 403, parameters: { found: name } })
      const { warnings, ...sealed } = read(request.body, request.bytes ?? Buffer.alloc(0), service)
      const put = await store.put(kind, name, sealed, expectedOf(headers), request.principal?.id ?? null)
      if ('refused' in put) {
        const parameters = { found: put.current ?? 'nothing' }
        throw put.refused === 'other'
          ? new Fault('request.precondition', { status: 412, parameters })
          : new Fault('request.precondition-missing', { status: 428, parameters })
      }
      reply.header('etag', etagOf(put.named.digest)).code(put.done === 'created' ? 201 : 200)
      return { ...shown(put.named), ...(warnings !== undefined && warnings.length > 0 && { warnings }) }
    },
  })

  define(app, {
    id: `get${title}`,
    method: 'GET',
    url: `${path}/:name`,
    permission: 'documents:read',
    tag: 'Documents',
    summary: `A ${noun} by its name.`,
    params: named,
    answers: { 200: { says: 'The document.', schema: shapes.document, headers: etag } },
    problems: [404],
    handle: async ({ params: { name } }, reply) => {
      const [newest] = await store.history(kind, name, 1)
      const kept = newest === undefined ? undefined : await keptUnder(database, newest.digest)
      if (newest === undefined || kept === undefined) throw notStored(name, noun)
      reply.header('etag', etagOf(newest.digest))
      return { ...shown(newest), document: JSON.parse(decodeUtf8(kept.bytes) ?? 'null') as unknown }
    },
  })

  define(app, {
    id: `get${title}History`,
    method: 'GET',
    url: `${path}/:name/history`,
    permission: 'documents:read',
    tag: 'Documents',
    summary: `What a name of a ${noun} has meant, newest first.`,
    params: named,
    answers: { 200: { says: 'Digests; /evidence/{digest} gives the bytes.', schema: shapes.namedList } },
    problems: [404],
    handle: async ({ params: { name } }) => {
      const history = await store.history(kind, name, limits.documentNames)
      if (history.length === 0) throw notStored(name, noun)
      return { documents: history.map(shown) }
    },
  })
}

const shown = ({ name, digest, since }: Named) => ({ name, digest, since: formatTime(since.getTime()) })

function expectedOf(headers: {
  readonly 'if-match'?: string | undefined
  readonly 'if-none-match'?: '*' | undefined
}): Expected {
  if (headers['if-none-match'] !== undefined) return { nothing: true }
  const text = headers['if-match']
  if (text === undefined) return undefined
  const digest = /^"(.*)"$/.exec(text)?.[1] ?? ''
  if (!isDigest(digest))
    throw new Fault('request.malformed', { parameters: { found: 'header.if-match: an ETag of ours, one' } })
  return { digest }
}
