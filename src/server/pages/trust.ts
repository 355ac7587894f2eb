import type { FastifyInstance } from 'fastify'
import type { Service } from '../../jobs/service.ts'
import { type Html, html } from '../../report/page/html.ts'
import { digestHtml } from '../../report/page/words.ts'
import type { Named } from '../../store/documents.ts'
import { publicGood, type Standing } from '../../store/trusted-roots.ts'
import { layout } from './layout.ts'
import { links } from './links.ts'
import { sendPage } from './reply.ts'
import { whenHtml } from './time.ts'

/** `/trust`: the public-good root that verifications stand on, how fresh it is, and those before it. */
export function trust(app: FastifyInstance, { roots, documents, config, clock, limits }: Service): void {
  app.get('/trust', { config: { permission: 'documents:read' } }, async (_request, reply) => {
    const [standing, history] = await Promise.all([
      roots.standing(),
      documents.history('trust', publicGood, limits.documentNames),
    ])
    return sendPage(reply, trustPage({ standing, history, refreshes: config.trustRefresh, now: clock.now() }))
  })
}

type Seen = {
  readonly standing: Standing | undefined
  readonly history: readonly Named[]
  readonly refreshes: boolean
  readonly now: number
}

export function trustPage({ standing, history, refreshes, now }: Seen): string {
  const main = html`<h1>Trusted root</h1>
<p class="lead">${standing === undefined ? 'There is none: keyless signatures cannot be verified.' : ageHtml(standing, now)}</p>
${standing?.failedAt === undefined ? undefined : html`<p>The last try to refresh it failed ${whenHtml(standing.failedAt, now)}; the log says why. This one stays in use, and TUF is asked again.</p>`}
${refreshes ? undefined : html`<p>TUF is not asked: <code>trust.refresh</code> is off.</p>`}
${history.length === 0 ? undefined : historyHtml(history, now)}`
  return layout({ title: 'Trusted root', here: '/trust' }, main)
}

const ageHtml = ({ digest, asOf }: Standing, now: number): Html =>
  html`The public-good root ${digestHtml(digest, links.evidence(digest))}, ${asOf === undefined ? 'which came with meshproof: TUF has not confirmed it yet, so nobody knows its age.' : html`confirmed by TUF ${whenHtml(asOf, now)}.`}`

const historyHtml = (history: readonly Named[], now: number): Html =>
  html`<h2 class="section">Roots used</h2><table class="list"><thead><tr><th scope="col">Since, UTC</th><th scope="col">Bytes</th></tr></thead><tbody>${history.map(({ digest, since }) => html`<tr><th scope="row">${whenHtml(since, now, '')}</th><td data-label="Bytes">${digestHtml(digest, links.evidence(digest))}</td></tr>`)}</tbody></table>`
