import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { notProvedPage } from '../../report/model/not-proved.ts'
import { html } from '../../report/page/html.ts'
import { markdownHtml } from '../../report/page/markdown.ts'
import { layout } from './layout.ts'
import { sendPage } from './reply.ts'

/** `/not-proved`: the document that ships with this version, read once. */
export function notProved(app: FastifyInstance): void {
  const text = readFileSync(join(import.meta.dirname, '../../..', notProvedPage), 'utf8')
  const page = layout(
    { title: 'What a verdict does not prove', here: '/not-proved' },
    html`<div class="prose">${markdownHtml(text)}</div>`,
  )
  app.get('/not-proved', { config: { permission: 'verifications:read' } }, async (_request, reply) =>
    sendPage(reply, page),
  )
}
