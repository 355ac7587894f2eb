import { brief } from '../model/brief.ts'
import { notProvedPage } from '../model/not-proved.ts'
import type { SubjectView, VerdictView } from '../model/verdict-view.ts'
import { chainDrawing } from './chain.ts'
import { seal } from './drawing.ts'
import { findingsTable, type Links } from './findings.ts'
import { type Html, html } from './html.ts'
import { compare, digestHtml, sentenceHtml, timeHtml } from './words.ts'

/**
 * What stands around one verdict on the page: an anchor, a story that explains it, how it can be judged again (a command, or
 * a panel of the service's own), and where its digests lead.
 */
export type Around = {
  readonly anchor: string
  readonly story?: string
  readonly replay?: string
  readonly again?: Html
  readonly links?: Links
}

export const tone = { trusted: 'pass', rejected: 'fail', inconclusive: 'unknown' } as const
export const titles = { trusted: 'Trusted', rejected: 'Rejected', inconclusive: 'Inconclusive' } as const

export function verdictHtml(view: VerdictView, around: Around): Html {
  return html`<article id="${around.anchor}" aria-labelledby="${around.anchor}-title">
${banner(view, around)}
${view.notes.length === 0 ? undefined : html`<ul class="notes" aria-label="Notes">${view.notes.map(({ says }) => html`<li>${sentenceHtml(says)}</li>`)}</ul>`}
<h3 class="section">The chain</h3>
${view.groups.map((group) => groupHtml(group, view.groups.length > 1))}
<h3 class="section">Every finding</h3>
${view.subjects.map((subject) => findingsHtml(subject, around.links))}
<div class="pair"><div>${notProved(view, around)}${around.again ?? replayHtml(view, around)}</div>${facts(view, around)}</div>
</article>`
}

/** The reason first. */
function banner(view: VerdictView, { anchor, story }: Around): Html {
  const worst = view.subjects.find(({ outcome }) => outcome === view.outcome)
  const reason = worst?.reason
  const about = view.groups.length > 1 && worst !== undefined && view.outcome !== 'trusted' ? whoWords(view, worst) : ''
  const apart = reason?.state === 'fail' && reason.expected !== undefined && reason.found !== undefined
  return html`<header class="verdict ${tone[view.outcome]}">${seal(tone[view.outcome])}<div><p class="word">${titles[view.outcome]}</p><h2 id="${anchor}-title" class="mono">${view.name}</h2></div><p class="reason">${about === '' ? undefined : html`<span class="soft">${about}</span>`}${sentenceHtml(brief(worst?.sentence ?? '', reason))}</p>${apart ? compare(reason?.expected, reason?.found) : undefined}${reason?.next === undefined || view.outcome === 'trusted' ? undefined : html`<p class="next"><strong>What to do:</strong> ${reason.next}</p>`}${story === undefined ? undefined : html`<p class="story">${story}</p>`}</header>`
}

/** Which of the digests the reason is about, where others fared better. */
function whoWords(view: VerdictView, worst: SubjectView): string {
  const group = view.groups.find((one) => one.includes(worst)) ?? [worst]
  return `${listed(group.map(({ label }) => label))}: `
}
const listed = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

function groupHtml(group: readonly [SubjectView, ...SubjectView[]], several: boolean): Html {
  const [first] = group
  const heading = several
    ? html`<h3>${listed(group.map(({ label }) => label))}: ${titles[first.outcome].toLowerCase()}</h3>`
    : undefined
  return html`<section class="group">${heading}${chainDrawing(group)}</section>`
}

const findingsHtml = (subject: SubjectView, links: Links | undefined): Html =>
  html`<details><summary>${subject.label} <span class="soft">${subject.outcome}, ${subject.short}</span></summary><div class="inner">${findingsTable(subject, links)}</div></details>`

const notProved = ({ notProved: lines }: VerdictView, { links }: Around): Html =>
  html`<section class="panel"><h3>What this does not prove</h3><ul>${lines.map((line) => html`<li>${sentenceHtml(line)}</li>`)}</ul><p class="soft">More in ${links === undefined ? html`<code>${notProvedPage}</code>` : html`<a href="/not-proved">what is not proved</a>`}.</p></section>`

function facts(view: VerdictView, { links }: Around): Html {
  const holds = [...new Set(view.subjects.map(({ holds: words }) => words))]
  return html`<section class="panel"><h3>What it stands on</h3><dl>
<dt>Policy</dt><dd>${view.policy.name}${view.policy.unconfirmed ? ' (unconfirmed)' : ''}, ${digestHtml(view.policy.digest)}</dd>
<dt>Trusted root</dt><dd>${view.trust}</dd>
<dt>Judged at</dt><dd>${timeHtml(view.at)}</dd>
<dt>Holds</dt><dd>${holds.map((words) => html`${sentenceHtml(words)}<br>`)}</dd>
<dt>Asked</dt><dd>${view.places.map(({ place, from, count, at }) => html`${place}: ${count} ${count === 1 ? 'look-up' : 'look-ups'}, from ${from}, ${timeHtml(at)}<br>`)}</dd>
<dt>Evidence</dt><dd>${view.evidence.map((digest) => html`${links === undefined ? html`<span class="mono">${digest}</span>` : digestHtml(digest, links.evidence(digest))} `)}</dd>
<dt>Verdicts</dt><dd>${view.subjects.map(({ label, verdictId }) => html`${label} ${digestHtml(verdictId, links?.verdict(verdictId))}<br>`)}</dd>
<dt>Made by</dt><dd>${view.versions}</dd>
</dl></section>`
}

const replayHtml = (view: VerdictView, { replay }: Around): Html =>
  html`<section class="panel"><h3>Judge it again</h3><p>A verdict is a pure function of its evidence: the same bytes give the same findings, without network, years from now.</p>${
    replay === undefined
      ? html`<p>Keep the evidence, then replay it:</p><pre>meshproof ${view.again} ${view.name} --save-pack evidence
meshproof replay evidence</pre>`
      : html`<pre>${replay}</pre>`
  }<p>Under other rules: <code>--policy</code>, <code>--profile</code>, <code>--trusted-root</code>, <code>--at</code>.</p></section>`
