import type { ComparedRequirement, Comparison, Pair, Side } from '../model/comparison.ts'
import { basisWords, type FindingView, stateWords } from '../model/finding-view.ts'
import { mark, seal } from './drawing.ts'
import type { Links } from './findings.ts'
import { type Html, html } from './html.ts'
import { titles, tone } from './verdict.ts'
import { digestHtml, sentenceHtml } from './words.ts'

/** Two verdicts beside each other: first where they part, then what is the same. */
export function comparisonHtml({ a, b, inputs, requirements }: Comparison, links: Links): Html {
  const parted = requirements.filter(({ differs, demands }) => differs || demands.some((one) => one.differs))
  const alike = requirements.filter((one) => !parted.includes(one))
  return html`<div class="sides">${sideHtml('A', a, links)}${sideHtml('B', b, links)}</div>
<h2 class="section">What they stand on</h2>
<div class="boxed">${pairs('Inputs', inputs, (text) => sentenceHtml(text))}</div>
<h2 class="section">Where they part</h2>
${parted.length === 0 ? html`<p>Nowhere: every finding is the same.</p>` : parted.map(requirementHtml)}
${alike.length === 0 ? undefined : html`<details><summary>The same in both <span class="soft">${alike.length}</span></summary><div class="inner">${alike.map(requirementHtml)}</div></details>`}`
}

const sideHtml = (letter: 'A' | 'B', { verdict, outcome, name }: Side, links: Links): Html =>
  html`<section class="side ${tone[outcome]}" aria-label="${`Verdict ${letter}`}">${seal(tone[outcome])}<div><p class="word"><span class="soft">${letter}</span> ${titles[outcome]}</p><p class="mono">${name}</p><p class="soft">Verdict ${digestHtml(verdict, links.verdict(verdict))}</p></div></section>`

function requirementHtml({ demands, ...decisive }: ComparedRequirement): Html {
  const shown = demands.filter(({ differs }) => differs)
  return html`<section class="compared"><h3>${decisive.what}</h3>${pairs(decisive.what, [{ ...decisive, what: 'Decides' }, ...shown], finding)}</section>`
}

const pairs = <T>(label: string, rows: readonly Pair<T>[], cell: (value: T) => Html): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table class="beside"><thead><tr><th scope="col">What</th><th scope="col">A</th><th scope="col">B</th></tr></thead><tbody>${rows.map(
    ({ what, a, b, differs }) =>
      html`<tr class="${differs ? 'differs' : 'alike'}"><th scope="row">${what}${differs ? html` <span class="apart">differs</span>` : undefined}</th><td data-label="A">${a === undefined ? nothing : cell(a)}</td><td data-label="B">${b === undefined ? nothing : cell(b)}</td></tr>`,
  )}</tbody></table></div>`

const nothing = html`<span class="soft">not there</span>`

const finding = ({ state, says, code, expected, found, basis }: FindingView): Html =>
  html`${mark(state, true)} <strong>${stateWords[state]}</strong>: ${sentenceHtml(says)}<br><code class="soft">${code}</code>, <span class="soft" title="${basisWords[basis]}">${basis}</span>${expected === undefined ? undefined : html`<br><span class="soft">expected</span> <span class="mono">${expected}</span>`}${found === undefined ? undefined : html`<br><span class="soft">found</span> <span class="mono">${found}</span>`}`
