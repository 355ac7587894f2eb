import type { FastifyPluginAsync } from 'fastify'
import { Fault } from '../../core/fault.ts'
import { problemOf } from '../../core/problem.ts'
import type { Service } from '../../jobs/service.ts'
import { sendPage } from '../pages/reply.ts'
import { signedOutPage, signInPage } from '../pages/sign-in.ts'
import { noSessionCookie, sessionCookie } from './cookie.ts'

/**
 * A link opens a page; only its button uses the link up, so that whatever fetches links ahead of a person uses up none.
 * A session begins with a new secret each time.
 */
export const signIn =
  (service: Service): FastifyPluginAsync =>
  async (app) => {
    const { access, limits } = service
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 4096 },
      async (_request: unknown, body: string | Buffer) => new URLSearchParams(String(body)),
    )
    app.get('/sign-in', { config: { permission: 'public' } }, async (request, reply) => {
      const link = new URLSearchParams(request.url.split('?')[1]).get('link')
      return sendPage(reply, signInPage(link === null ? {} : { link }))
    })
    app.post('/sign-in', { config: { permission: 'public' } }, async (request, reply) => {
      const link = request.body instanceof URLSearchParams ? request.body.get('link') : null
      const session = await access.signIn(link ?? '', limits.sessionMs)
      if (session === undefined) {
        request.log.warn('sign-in refused')
        const problem = problemOf(new Fault('access.link-unusable', { status: 403 }))
        return sendPage(reply, signInPage({ problem }), 403)
      }
      request.log.info('signed in')
      return reply.code(303).header('set-cookie', sessionCookie(session.secret)).header('location', '/').send()
    })
    app.post('/sign-out', { config: { permission: 'signed-in' } }, async (request, reply) => {
      const { principal } = request
      if (principal?.session !== undefined) await access.endSession(principal.id, principal.session, 'signed-out')
      reply.header('set-cookie', noSessionCookie).header('clear-site-data', '"cache", "storage"')
      return sendPage(reply, signedOutPage())
    })
  }
