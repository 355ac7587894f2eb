import type { FastifyInstance } from 'fastify'
import { type Digest, isDigest } from '../../core/digest.ts'
import type { Service } from '../../jobs/service.ts'
import { shortDigest } from '../../report/model/trunk.ts'
import { type Html, html } from '../../report/page/html.ts'
import { digestHtml } from '../../report/page/words.ts'
import { type ArtifactRow, findArtifact } from '../../store/artifacts.ts'
import { notStored } from '../api/stored.ts'
import { layout } from './layout.ts'
import { links, withQuery } from './links.ts'
import { sendPage } from './reply.ts'
import { outcomes, statusHtml } from './status.ts'
import { whenHtml } from './time.ts'

const shown = 200

/** `/artifacts/{digest}`: one digest over time: its verdicts, what lists it, which tags led to it. */
export function artifact(app: FastifyInstance, { database }: Service): void {
  app.get<{ Params: { digest: string } }>(
    '/artifacts/:digest',
    { config: { permission: 'verifications:read' } },
    async (request, reply) => {
      const { digest } = request.params
      const seen = isDigest(digest) ? await findArtifact(database, digest, shown) : undefined
      if (seen === undefined) throw notStored(digest, 'artifact')
      return sendPage(reply, artifactPage(seen, Date.now()))
    },
  )
}

export function artifactPage(seen: ArtifactRow, now: number): string {
  const { digest, firstSeen, verdicts, members, memberOf, sightings } = seen
  const [newest] = verdicts
  const main = html`<p class="crumbs"><a href="/verifications">Verifications</a></p>
<h1 class="mono">${digest}</h1>
<p class="lead">${newest === undefined ? 'Never judged by itself.' : html`${statusHtml(outcomes[newest.outcome])}, asked as <span class="mono">${newest.asked}</span>.`} First seen ${whenHtml(firstSeen, now)}.</p>
${verdictsHtml(seen, now)}
${family('Lists these platforms', members)}
${family('Listed by', memberOf)}
${tagsHtml(sightings, now)}`
  return layout({ title: `Artifact ${shortDigest(digest)}` }, main)
}

/** Every verdict over time; any two of them can be laid beside each other. */
function verdictsHtml({ verdicts }: ArtifactRow, now: number): Html | undefined {
  if (verdicts.length === 0) return undefined
  const distinct = new Set(verdicts.map(({ digest }) => digest)).size
  const rows = verdicts.map(({ digest: verdict, outcome, judgedAt, request, asked, policy }, i) => {
    const older = verdicts.slice(i + 1).find((one) => one.digest !== verdict)
    const compare =
      older === undefined ? undefined : html`<a href="${comparePath(older.digest, verdict)}">with the one before</a>`
    return html`<tr><td>${statusHtml(outcomes[outcome])}</td><th scope="row"><a href="/verifications/${request}">${whenHtml(judgedAt, now, '')}</a></th><td data-label="Asked as"><span class="mono">${asked}</span></td><td data-label="Policy">${policy}</td><td data-label="Verdict">${digestHtml(verdict, links.verdict(verdict))}</td><td data-label="Compare">${compare}</td></tr>`
  })
  return html`<h2 class="section">Verdicts</h2><table class="list"><thead><tr><th scope="col">Verdict</th><th scope="col">Judged at, UTC</th><th scope="col">Asked as</th><th scope="col">Policy</th><th scope="col">Bytes</th><th scope="col">Compare</th></tr></thead><tbody>${rows}</tbody></table>${verdicts.length > 1 && distinct === 1 ? html`<p class="soft">All of these are the same verdict, byte for byte.</p>` : undefined}${distinct > 2 ? comparison(verdicts) : undefined}`
}

export const comparePath = (a: Digest, b: Digest): string => withQuery('/compare', { a, b })

function comparison(verdicts: ArtifactRow['verdicts']): Html {
  const distinct = [...new Map(verdicts.map((one) => [one.digest, one])).values()]
  const options = distinct.map(
    ({ digest: verdict, outcome, judgedAt, policy }) =>
      html`<option value="${verdict}">${judgedAt.toISOString().slice(0, 16).replace('T', ' ')} ${outcome}, ${policy}, ${shortDigest(verdict)}</option>`,
  )
  return html`<form class="filters" method="get" action="/compare" aria-label="Compare two verdicts"><div class="wide"><label for="a">Compare</label><select id="a" name="a">${options}</select></div><div class="wide"><label for="b">with</label><select id="b" name="b">${options}</select></div><div class="go"><button>Compare</button></div></form>`
}

const family = (title: string, relatives: ArtifactRow['members']): Html | undefined =>
  relatives.length === 0
    ? undefined
    : html`<h2 class="section">${title}</h2><ul class="artifacts">${relatives.map(({ digest, platform }) => html`<li><strong>${platform}</strong> <a class="mono" href="${links.artifact(digest)}">${digest}</a></li>`)}</ul>`

const tagsHtml = (tags: ArtifactRow['sightings'], now: number): Html | undefined =>
  tags.length === 0
    ? undefined
    : html`<h2 class="section">Tags that led here</h2><ul class="artifacts">${tags.map(({ image, firstSeen, lastSeen, movedTo }) => html`<li><span class="mono">${image}</span> <span class="soft">from ${whenHtml(firstSeen, now)} to ${whenHtml(lastSeen, now)}</span>${movedTo === undefined ? undefined : html` <span class="status unknown">moved to <a class="mono" href="${links.artifact(movedTo)}">${shortDigest(movedTo)}</a></span>`}</li>`)}</ul>`
