import { isDigest } from '../../core/digest.ts'
import type { CandidateView, RequirementView } from '../model/chain.ts'
import { basisWords, type FindingView, stateWords } from '../model/finding-view.ts'
import type { SubjectView } from '../model/verdict-view.ts'
import { mark } from './drawing.ts'
import { type Html, html } from './html.ts'
import { digestHtml, sentenceHtml } from './words.ts'

/** Where a digest can be looked up; a page that stands alone has no such place. */
export type Links = Readonly<Record<'artifact' | 'verdict' | 'evidence', (digest: string) => string>>

/** Every finding of one subject, grouped by requirement and candidate, expected and found beside each other. */
export function findingsTable(
  { label, digest, requirements, notes, verdictId }: SubjectView,
  links: Links | undefined,
): Html {
  return html`<p class="soft">Digest ${whole(digest, isDigest(digest) ? links?.artifact(digest) : undefined)}</p>
<div class="scroll" tabindex="0" role="region" aria-label="${`Findings of ${label}`}"><table><thead><tr><th scope="col">Outcome</th><th scope="col">What was asked</th><th scope="col">Expected</th><th scope="col">Found</th><th scope="col">Basis</th></tr></thead>
${requirements.map((one) => requirementRows(one, links))}
${notes.length === 0 ? undefined : html`<tbody>${headRow('Notes')}${notes.map(row)}</tbody>`}
</table></div><p class="soft">Verdict ${whole(verdictId, links?.verdict(verdictId))}</p>`
}

const whole = (digest: string, href: string | undefined): Html =>
  href === undefined ? html`<span class="mono">${digest}</span>` : html`<a class="mono" href="${href}">${digest}</a>`

const requirementRows = ({ decisive, id, candidates, unheld }: RequirementView, links: Links | undefined): Html =>
  html`<tbody>${headRow(`Requirement ${id}`)}${row(decisive)}${unheld.map(row)}</tbody>${candidates.map((one) => candidateRows(one, links))}`

function candidateRows({ ids, findings }: CandidateView, links: Links | undefined): Html {
  const evidence = [...new Set(findings.flatMap((finding) => finding.evidence))]
  const title = ids.length === 1 ? 'Candidate' : `${ids.length} candidates that tell the same`
  const from =
    evidence.length === 0
      ? undefined
      : html`<span class="soft">, evidence ${evidence.map((one) => spaced(one, links?.evidence(one)))}</span>`
  return html`<tbody>${headRow(html`${title} ${ids.map((id) => spaced(id))}${from}`)}${findings.map(row)}</tbody>`
}

const spaced = (digest: string, href?: string): Html => html`${digestHtml(digest, href)} `
const headRow = (title: string | Html): Html =>
  html`<tr class="group-head"><th scope="rowgroup" colspan="5">${title}</th></tr>`

function row({ state, about, says, code, expected, found, claimed, basis, proven }: FindingView): Html {
  const told = state === 'pass' && found !== undefined && about !== 'Requirement'
  const title = about === 'Note' ? undefined : html`<strong>${about}</strong>`
  const sentence = told ? undefined : html`${title === undefined ? '' : ': '}${sentenceHtml(says)}`
  return html`<tr><td class="outcome">${mark(state, true)} ${stateWords[state]}</td><td>${title}${sentence}<br><code class="soft">${code}</code></td><td data-label="Expected">${mono(expected)}</td><td data-label="Found">${mono(found)}${claimed === undefined ? undefined : html` claimed: ${mono(claimed)}`}</td><td data-label="Basis">${proven ? html`<span class="proven">proven</span>, ` : undefined}<span title="${basisWords[basis]}">${basis}</span></td></tr>`
}

const mono = (text: string | undefined): Html | undefined =>
  text === undefined ? undefined : html`<span class="mono">${text}</span>`
