import type { FastifyPluginAsync } from 'fastify'
import { Fault } from '../../core/fault.ts'
import type { VerdictAnswer } from '../../core/request.ts'
import type { Service } from '../../jobs/service.ts'
import { html } from '../../report/page/html.ts'
import { renderPage } from '../../report/page/page.ts'

/** All pages; each with its permission. */
export const pages =
  (service: Service): FastifyPluginAsync =>
  async (app) => {
    app.get('/', { config: { permission: 'verifications:read' } }, async (_request, reply) => {
      const rows = await service.requests.list({}, 50)
      const page = html`<!doctype html><title>meshproof</title><ul>${rows.map(({ id, subject, state, outcome }) => html`<li><a href="${`#${id}`}">${subject}</a> ${state} ${outcome ?? ''}</li>`)}</ul>`
      return reply.type('text/html; charset=utf-8').send(page.text)
    })
    app.get<{ Params: { id: string } }>(
      '/verifications/:id',
      { config: { permission: 'verifications:read' } },
      async (request, reply) => {
        const result = await service.requests.result(request.params.id)
        if (result === undefined)
          throw new Fault('request.unknown', { status: 404, parameters: { found: request.params.id } })
        const { answer } = JSON.parse(Buffer.from(result).toString()) as { answer: VerdictAnswer }
        const page = renderPage([answer], { title: 'Verification', at: answer.at, intro: [], stories: [], replay: '' })
        return reply.type('text/html; charset=utf-8').send(page)
      },
    )
  }
