import type { CandidateView, RequirementView } from '../model/chain.ts'
import { basisWords, type FindingView, stateWords } from '../model/finding-view.ts'
import type { SubjectView } from '../model/verdict-view.ts'
import { mark } from './drawing.ts'
import { type Html, html } from './html.ts'
import { digestHtml, sentenceHtml } from './words.ts'

/** Every finding of one subject, grouped by requirement and candidate, expected and found beside each other. */
export function findingsTable({ label, digest, requirements, notes, verdictId }: SubjectView): Html {
  return html`<p class="soft">Digest <span class="mono">${digest}</span></p>
<div class="scroll" tabindex="0" role="region" aria-label="${`Findings of ${label}`}"><table><thead><tr><th scope="col">Outcome</th><th scope="col">What was asked</th><th scope="col">Expected</th><th scope="col">Found</th><th scope="col">Basis</th><th scope="col">Evidence</th></tr></thead>
${requirements.map(requirementRows)}
${notes.length === 0 ? undefined : html`<tbody><tr class="candidate"><td colspan="6">Notes</td></tr>${notes.map(row)}</tbody>`}
</table></div><p class="soft">Verdict <span class="mono">${verdictId}</span></p>`
}

const requirementRows = ({ decisive, id, candidates, unheld }: RequirementView): Html =>
  html`<tbody><tr class="candidate"><th scope="rowgroup" colspan="6">Requirement ${id}</th></tr>${row(decisive)}${unheld.map(row)}</tbody>${candidates.map(candidateRows)}`

const candidateRows = ({ ids, findings }: CandidateView): Html =>
  html`<tbody><tr class="candidate"><td colspan="6">${ids.length === 1 ? 'Candidate' : `${ids.length} candidates that tell the same`} ${ids.map((id) => html`${digestHtml(id)} `)}</td></tr>${findings.map(row)}</tbody>`

function row(finding: FindingView): Html {
  const { state, about, says, code, expected, found, claimed, basis, proven, evidence } = finding
  return html`<tr><td>${mark(state, true)} ${stateWords[state]}</td><td class="wide">${about === 'Note' ? undefined : html`<strong>${about}.</strong> `}${sentenceHtml(says)}<br><code class="soft">${code}</code></td><td>${code_(expected)}</td><td>${code_(found)}${claimed === undefined ? undefined : html`<br>claimed: ${code_(claimed)}`}</td><td>${proven ? html`<span class="proven">proven</span><br>` : undefined}<span title="${basisWords[basis]}">${basis}</span></td><td>${evidence.map((digest) => html`${digestHtml(digest)} `)}</td></tr>`
}

const code_ = (text: string | undefined): Html | undefined =>
  text === undefined ? undefined : html`<span class="mono">${text}</span>`
