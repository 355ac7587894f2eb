import { isNotEvaluated } from '../../core/codes.ts'
import { brief } from '../model/brief.ts'
import type { Step } from '../model/chain.ts'
import type { FindingView } from '../model/finding-view.ts'
import type { SubjectView } from '../model/verdict-view.ts'
import { drawnWords, mark, rail } from './drawing.ts'
import { type Html, html } from './html.ts'
import { compare, digestHtml, sentenceHtml } from './words.ts'

/** A step as it is drawn: of several subjects that tell the same story, one step with a value for each. */
type DrawnStep = Omit<Step, 'value'> & {
  readonly values: readonly { readonly label: string; readonly value: string }[]
}

/** The chain of one story: what was asked, the digests, and each requirement's links down to the signed time. */
export function chainDrawing(group: readonly [SubjectView, ...SubjectView[]]): Html {
  const [first] = group
  const chains = first.requirements.filter(({ links }) => links.length > 0)
  const trunk = trunkOf(group)
  if (chains.length === 0) return list(trunk)
  return html`${chains.map(({ id, links }, i) => {
    const drawn = links.map((link, at) =>
      merged(link, group, (subject) => subject.requirements.find((one) => one.id === id)?.links[at]),
    )
    const title = chains.length > 1 ? html`<h4 class="section">Requirement ${id}</h4>` : undefined
    return html`${title}${list(i === 0 ? [...trunk, ...drawn] : drawn)}`
  })}`
}

/** Reference and index once; platforms together in one step. */
function trunkOf(group: readonly [SubjectView, ...SubjectView[]]): readonly DrawnStep[] {
  const [first] = group
  const shared = first.trunk.filter(({ kind }) => kind !== 'platform').map((step) => merged(step, [first], () => step))
  const members = group.filter(({ trunk }) => trunk.some(({ kind }) => kind === 'platform'))
  const [member] = members
  const platform = member?.trunk.find(({ kind }) => kind === 'platform')
  if (member === undefined || platform === undefined) return shared
  const label = members.length === 1 ? platform.label : 'Platforms'
  const says = members.length === 1 ? platform.says : 'The index lists these digests.'
  const values = members.map((one) => ({ label: members.length === 1 ? '' : one.label, value: one.digest }))
  return [...shared, { ...platform, label, ...(says !== undefined && { says }), values }]
}

function merged(
  step: Step,
  group: readonly SubjectView[],
  same: (subject: SubjectView) => Step | undefined,
): DrawnStep {
  const { value: _, ...rest } = step
  const all = group.flatMap((subject) => {
    const value = same(subject)?.value
    return value === undefined ? [] : [{ label: subject.label, value }]
  })
  const distinct = new Set(all.map(({ value }) => value))
  return { ...rest, values: distinct.size === 1 ? all.slice(0, 1).map(({ value }) => ({ label: '', value })) : all }
}

const list = (steps: readonly DrawnStep[]): Html =>
  html`<ol class="chain">${steps.map((step, i) => stepHtml(step, steps[i + 1], steps.slice(0, i + 1).some(isBroken)))}</ol>`

/** From the first broken link on, what follows hangs on nothing. */
const isBroken = ({ state }: DrawnStep): boolean => state === 'fail' || state === 'unknown'

function stepHtml(step: DrawnStep, next: DrawnStep | undefined, broken: boolean): Html {
  const { label, state, says, values, findings } = step
  const said = says !== undefined && !findings.some((finding) => finding.says === says)
  return html`<li class="${state}"><div class="rail">${mark(state)}${rail(next?.state, broken)}</div><div class="body"><h4>${label}${state === 'pass' ? undefined : html` <small>${drawnWords[state]}</small>`}</h4>${valuesHtml(values.filter(({ value }) => !findings.some((finding) => isWide(finding) && finding.found === value)))}${said ? html`<p class="says">${sentenceHtml(says)}</p>` : undefined}${factsHtml(findings, state)}</div></li>`
}

function valuesHtml(values: DrawnStep['values']): Html | undefined {
  const [only, ...others] = values
  if (only === undefined) return undefined
  if (others.length === 0 && only.label === '') return html`<span class="mono">${only.value}</span>`
  return html`<ul class="values">${values.map(({ label, value }) => html`<li>${label} ${digestHtml(value)}</li>`)}</ul>`
}

const isWide = ({ state }: FindingView): boolean => state === 'fail' || state === 'unknown'

/** What was held against this link: short where it passed, in full where it did not. */
function factsHtml(findings: readonly FindingView[], state: DrawnStep['state']): Html | undefined {
  if (state === 'unreached' || findings.length === 0) return undefined
  return html`<ul class="facts">${findings.map((finding) => (isWide(finding) && !isNotEvaluated(finding.code) ? wide(finding) : short(finding)))}</ul>`
}

const wide = (finding: FindingView): Html =>
  html`<li class="wide ${finding.state}">${mark(finding.state, true)} ${finding.about === 'Requirement' ? undefined : html`<strong>${finding.about}.</strong> `}${sentenceHtml(brief(finding.says, finding))}${finding.expected === undefined && finding.found === undefined ? undefined : compare(finding.expected, finding.found)}</li>`

function short(finding: FindingView): Html {
  const { state, about, found, says } = finding
  if (state === 'pass' && found !== undefined && about !== 'Identity' && about !== 'Signed name')
    return html`<li class="${state}">${mark(state, true)} ${about}: <span class="mono">${valueOnly(found, about)}</span></li>`
  return html`<li class="${state}">${mark(state, true)} ${state === 'pass' && (about === 'Identity' || about === 'Signed name') ? `${about} as demanded` : sentenceHtml(says)}</li>`
}

/** `repo=Kong/kong-mesh` under "Annotation repo" is `Kong/kong-mesh`. */
const valueOnly = (found: string, about: string): string => {
  const key = `${about.replace(/^Annotation /, '')}=`
  return found.startsWith(key) ? found.slice(key.length) : found
}
