import type { FastifyInstance } from 'fastify'

/** What every answer says to a browser unless the route said something stricter or, as a page does, its own. */
export const headersFor = (origin: string | undefined): Readonly<Record<string, string>> => ({
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
  ...(origin?.startsWith('https:') === true && { 'strict-transport-security': 'max-age=31536000' }),
})

export function secureHeaders(app: FastifyInstance, origin: string | undefined): void {
  const always = headersFor(origin)
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(always)
  })
}
