import type { ComparedRequirement, Comparison, Pair, Side } from '../model/comparison.ts'
import { basisWords, type FindingView, stateWords } from '../model/finding-view.ts'
import { mark, seal } from './drawing.ts'
import type { Links } from './findings.ts'
import { type Html, html } from './html.ts'
import { titles, tone } from './verdict.ts'
import { digestHtml, sentenceHtml } from './words.ts'

/** What the two sides are called, and how they are told apart from another pair on the same page. */
export type Sides = {
  readonly a: string
  readonly b: string
  /** Of whom, where a page compares several; stands before every label. */
  readonly of?: string
  /** Where the second verdict can be read; nowhere, if it is not kept. */
  readonly bIsKept?: boolean
}

/** Two verdicts beside each other: first where they part, then what is the same. */
export function comparisonHtml(
  { a, b, inputs, requirements }: Comparison,
  links: Links,
  sides: Sides = { a: 'A', b: 'B' },
): Html {
  const parted = requirements.filter(({ differs, demands }) => differs || demands.some((one) => one.differs))
  const alike = requirements.filter((one) => !parted.includes(one))
  return html`<div class="sides">${sideHtml(sides.a, sides, a, links.verdict(a.verdict))}${sideHtml(sides.b, sides, b, sides.bIsKept === false ? undefined : links.verdict(b.verdict))}</div>
<h2 class="section">What they stand on</h2>
<div class="boxed">${pairs('Inputs', sides, inputs, (text) => sentenceHtml(text))}</div>
<h2 class="section">Where they part</h2>
${parted.length === 0 ? html`<p>Nowhere: every finding is the same.</p>` : parted.map((one) => requirementHtml(one, sides))}
${alike.length === 0 ? undefined : html`<details><summary>The same in both <span class="soft">${alike.length}</span></summary><div class="inner">${alike.map((one) => requirementHtml(one, sides))}</div></details>`}`
}

const labelOf = ({ of }: Sides, label: string): string => (of === undefined ? label : `${of}: ${label}`)

const sideHtml = (title: string, sides: Sides, { verdict, outcome, name }: Side, href: string | undefined): Html =>
  html`<section class="side ${tone[outcome]}" aria-label="${labelOf(sides, `Verdict ${title}`)}">${seal(tone[outcome])}<div><p class="word"><span class="soft">${title}</span> ${titles[outcome]}</p><p class="mono">${name}</p><p class="soft">Verdict ${digestHtml(verdict, href)}</p></div></section>`

function requirementHtml({ demands, ...decisive }: ComparedRequirement, sides: Sides): Html {
  const shown = demands.filter(({ differs }) => differs)
  return html`<section class="compared"><h3>${decisive.what}</h3>${pairs(decisive.what, sides, [{ ...decisive, what: 'Decides' }, ...shown], finding)}</section>`
}

const pairs = <T>(label: string, sides: Sides, rows: readonly Pair<T>[], cell: (value: T) => Html): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="${labelOf(sides, label)}"><table class="beside"><thead><tr><th scope="col">What</th><th scope="col">${sides.a}</th><th scope="col">${sides.b}</th></tr></thead><tbody>${rows.map(
    ({ what, a, b, differs }) =>
      html`<tr class="${differs ? 'differs' : 'alike'}"><th scope="row">${what}${differs ? html` <span class="apart">differs</span>` : undefined}</th><td data-label="${sides.a}">${a === undefined ? nothing : cell(a)}</td><td data-label="${sides.b}">${b === undefined ? nothing : cell(b)}</td></tr>`,
  )}</tbody></table></div>`

const nothing = html`<span class="soft">not there</span>`

const finding = ({ state, says, code, expected, found, basis }: FindingView): Html =>
  html`${mark(state, true)} <strong>${stateWords[state]}</strong>: ${sentenceHtml(says)}<br><code class="soft">${code}</code>, <span class="soft" title="${basisWords[basis]}">${basis}</span>${expected === undefined ? undefined : html`<br><span class="soft">expected</span> <span class="mono">${expected}</span>`}${found === undefined ? undefined : html`<br><span class="soft">found</span> <span class="mono">${found}</span>`}`
