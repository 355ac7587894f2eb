import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { FastifyInstance } from 'fastify'
import { style } from '../../report/page/style.ts'
import { serviceStyle } from './style.ts'

/** A file of ours, named by what is in it: it never changes, so a browser keeps it. */
export type Asset = { readonly path: string; readonly type: string; readonly bytes: Buffer; readonly integrity: string }

const asset = (name: string, ending: string, type: string, bytes: Buffer): Asset => {
  const digest = createHash('sha384').update(bytes)
  const integrity = `sha384-${digest.copy().digest('base64')}`
  return { path: `/assets/${name}-${digest.digest('hex').slice(0, 16)}.${ending}`, type, bytes, integrity }
}

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28"><rect width="28" height="28" rx="7" fill="#1f5fa8"/><g fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"><rect x="9" y="3.500" width="10" height="12" rx="5"/><path d="M14 12v4"/><rect x="9" y="12.500" width="10" height="12" rx="5"/></g></svg>`

export const assets = {
  style: asset('style', 'css', 'text/css; charset=utf-8', Buffer.from(style + serviceStyle)),
  htmx: asset(
    'htmx',
    'js',
    'text/javascript; charset=utf-8',
    readFileSync(createRequire(import.meta.url).resolve('htmx.org/dist/htmx.min.js')),
  ),
  icon: asset('icon', 'svg', 'image/svg+xml', Buffer.from(icon)),
} as const

export function serveAssets(app: FastifyInstance): void {
  for (const { path, type, bytes } of Object.values(assets))
    app.get(path, { config: { permission: 'public' } }, async (_request, reply) =>
      reply.type(type).header('cache-control', 'public, max-age=31536000, immutable').send(bytes),
    )
}
