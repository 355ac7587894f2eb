import type { FastifyReply } from 'fastify'
import { pagePolicy } from './layout.ts'

/** Sends a page: it may load our own assets only, stands in no frame, and is kept by nobody. */
export const sendPage = (reply: FastifyReply, page: string, status = 200): FastifyReply =>
  reply
    .code(status)
    .type('text/html; charset=utf-8')
    .header('content-security-policy', pagePolicy)
    .header('cache-control', 'no-store')
    .send(page)

/** After a form: the browser goes on by GET, so that going back or reloading sends nothing twice. */
export const seeOther = (reply: FastifyReply, path: string): FastifyReply =>
  reply.code(303).header('location', path).header('cache-control', 'no-store').send()
