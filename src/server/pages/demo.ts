import type { FastifyInstance } from 'fastify'
import { loadDemo } from '../../jobs/demo.ts'
import type { Service } from '../../jobs/service.ts'
import { html } from '../../report/page/html.ts'
import { layout } from './layout.ts'
import { seeOther, sendPage } from './reply.ts'

/** `/demo`: the shipped pack, judged here and kept like everything else. */
export function demo(app: FastifyInstance, service: Service): void {
  app.get('/demo', { config: { permission: 'verifications:read' } }, async (_request, reply) =>
    sendPage(reply, demoPage),
  )
  app.post('/demo', { config: { permission: 'verifications:write' } }, async (request, reply) => {
    await loadDemo(service, request.principal?.id ?? null)
    return seeOther(reply, '/')
  })
}

const demoPage = layout(
  { title: 'Demonstration', here: '/demo' },
  html`<section class="door"><h1>Demonstration</h1>
<p>Four images of a small release shaped like that of Kong Mesh, one good and three attacked, with all their evidence. They are judged here, without network, and kept like everything else.</p>
<p>The release has its own throw-away authority, made once for this purpose; the public Sigstore does not know it. Nothing in it says anything about Kong’s real images, and each of these verdicts says that it comes from a pack.</p>
<form method="post" action="/demo"><button class="main">Load the demonstration</button></form>
<p class="soft">Loading it again adds nothing.</p></section>`,
)
