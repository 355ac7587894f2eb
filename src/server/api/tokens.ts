import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import { formatTime } from '../../core/time.ts'
import type { Service } from '../../jobs/service.ts'
import type { TokenRow } from '../../store/access.ts'
import { demand } from '../auth/permission.ts'
import { define } from './route.ts'
import * as shapes from './shapes.ts'
import { notStored } from './stored.ts'
import { idParams } from './verifications.ts'

const day = 24 * 60 * 60_000

/** Tokens of programs, and the sessions of whoever asks. */
export function tokens(app: FastifyInstance, { access, limits }: Service): void {
  define(app, {
    id: 'listTokens',
    method: 'GET',
    url: '/tokens',
    permission: 'tokens:write',
    tag: 'Access',
    summary: 'List tokens; none shows its secret.',
    answers: { 200: { says: 'Newest first.', schema: shapes.tokenList } },
    problems: [],
    handle: async () => ({ tokens: (await access.tokens()).map(shownToken) }),
  })

  define(app, {
    id: 'createToken',
    method: 'POST',
    url: '/tokens',
    permission: 'tokens:write',
    tag: 'Access',
    summary: 'Make a token. It is shown once.',
    body: shapes.tokenRequest,
    answers: { 201: { says: 'The token.', schema: shapes.newToken } },
    problems: [422],
    handle: async ({ body, request: { principal } }, reply) => {
      if (principal === undefined) throw new Fault('access.unauthenticated', { status: 401 })
      for (const scope of body.scopes) demand(principal, scope) // nobody gives what it does not have
      const keepMs = body.days === undefined ? limits.tokenMs : Math.min(body.days * day, limits.tokenMostMs)
      const made = await access.makeToken({ name: body.name, scopes: body.scopes, keepMs }, principal.id)
      return reply.code(201).send({ id: made.id, token: made.secret, expiresAt: formatTime(made.expiresAt.getTime()) })
    },
  })

  define(app, {
    id: 'revokeToken',
    method: 'DELETE',
    url: '/tokens/:id',
    permission: 'tokens:write',
    tag: 'Access',
    summary: 'Revoke a token.',
    params: idParams,
    answers: { 204: { says: 'It opens nothing any more.' } },
    problems: [404],
    handle: async ({ params: { id }, request }, reply) => {
      if (!(await access.revokeToken(id, request.principal?.id ?? ''))) throw notStored(id, 'token')
      return reply.code(204).send()
    },
  })

  define(app, {
    id: 'listSessions',
    method: 'GET',
    url: '/sessions',
    permission: 'signed-in',
    tag: 'Access',
    summary: 'Where you are signed in.',
    answers: { 200: { says: 'Newest first.', schema: shapes.sessionList } },
    problems: [],
    handle: async ({ request: { principal } }) => ({
      sessions: (principal === undefined ? [] : await access.sessions(principal.id, limits.sessionIdleMs)).map(
        (one) => ({
          id: one.id,
          current: one.id === principal?.session,
          createdAt: formatTime(one.createdAt.getTime()),
          lastSeenAt: formatTime(one.lastSeenAt.getTime()),
          expiresAt: formatTime(one.expiresAt.getTime()),
        }),
      ),
    }),
  })

  define(app, {
    id: 'endSession',
    method: 'DELETE',
    url: '/sessions/:id',
    permission: 'signed-in',
    tag: 'Access',
    summary: 'End one of your sessions.',
    params: z.object({ id: z.string().regex(/^[0-9a-f]{32}$/) }),
    answers: { 204: { says: 'It is over.' } },
    problems: [404],
    handle: async ({ params: { id }, request }, reply) => {
      if (!(await access.endSession(request.principal?.id ?? '', id, 'session.ended'))) throw notStored(id, 'session')
      return reply.code(204).send()
    },
  })
}

export const shownToken = ({ id, name, scopes, createdAt, expiresAt, lastUsedAt, revokedAt }: TokenRow) => ({
  id,
  name,
  scopes,
  createdAt: formatTime(createdAt.getTime()),
  expiresAt: formatTime(expiresAt.getTime()),
  ...(lastUsedAt !== null && { lastUsedAt: formatTime(lastUsedAt.getTime()) }),
  ...(revokedAt !== null && { revokedAt: formatTime(revokedAt.getTime()) }),
})
