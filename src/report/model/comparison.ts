import type { SubjectAnswer } from '../../core/request.ts'
import type { VerdictOutcome } from '../../core/verdict.ts'
import { requirementsOf } from './chain.ts'
import { type FindingView, findingView, textOf } from './finding-view.ts'

/** Two verdicts beside each other: what they stand on, and where their findings part. */
export type Comparison = {
  readonly a: Side
  readonly b: Side
  readonly isOneArtifact: boolean
  readonly inputs: readonly Pair<string>[]
  readonly requirements: readonly ComparedRequirement[]
}
export type Side = { readonly verdict: string; readonly outcome: VerdictOutcome; readonly name: string }
export type Pair<T> = {
  readonly what: string
  readonly a: T | undefined
  readonly b: T | undefined
  readonly differs: boolean
}
export type ComparedRequirement = Pair<FindingView> & {
  /** What its best candidate was held against, demand by demand. */
  readonly demands: readonly Pair<FindingView>[]
}

export function compareVerdicts(a: SubjectAnswer, b: SubjectAnswer): Comparison {
  return {
    a: sideOf(a),
    b: sideOf(b),
    isOneArtifact: JSON.stringify(a.subject) === JSON.stringify(b.subject),
    inputs: inputsOf(a, b),
    requirements: [...requirementsIn(a, b), ...notesIn(a, b)],
  }
}

const sideOf = ({ verdictId, outcome, inputs, subject }: SubjectAnswer): Side => ({
  verdict: verdictId,
  outcome,
  name:
    textOf(inputs.asked.as ?? inputs.asked.name ?? (typeof subject === 'string' ? subject : subject.unresolved)) ?? '',
})

function inputsOf(a: SubjectAnswer, b: SubjectAnswer): readonly Pair<string>[] {
  const pair = (what: string, of: (one: SubjectAnswer) => string | undefined): Pair<string> => {
    const [first, second] = [of(a), of(b)]
    return { what, a: first, b: second, differs: first !== second }
  }
  return [
    pair('Asked as', ({ inputs }) => textOf(inputs.asked.as ?? inputs.asked.name)),
    pair('Policy', ({ beside, inputs }) => `${textOf(beside.policy.name) ?? ''} ${inputs.policy}`.trim()),
    pair('Trusted root', ({ inputs }) => inputs.trust ?? undefined),
    pair('Evidence', ({ inputs }) => inputs.evidence),
    pair('Waivers', ({ inputs }) => inputs.waivers),
    pair('Rules', ({ inputs }) => String(inputs.rules)),
  ]
}

function requirementsIn(a: SubjectAnswer, b: SubjectAnswer): readonly ComparedRequirement[] {
  const [first, second] = [requirementsOf(a), requirementsOf(b)]
  const ids = [...new Set([...first, ...second].map(({ id }) => id))]
  return ids.map((id) => {
    const [one, other] = [first, second].map((all) => all.find((it) => it.id === id))
    const demands = joined(
      one?.candidates[0]?.findings ?? one?.unheld ?? [],
      other?.candidates[0]?.findings ?? other?.unheld ?? [],
    )
    return { what: `Requirement ${id}`, ...paired(one?.decisive, other?.decisive), demands }
  })
}

/** Notes never move a verdict, and still differ. */
function notesIn(a: SubjectAnswer, b: SubjectAnswer): readonly ComparedRequirement[] {
  const notes = ({ findings, beside }: SubjectAnswer) =>
    findings
      .filter(({ demand, candidate }) => demand === undefined && candidate === undefined)
      .map((finding) => ({ ...findingView(finding, beside), about: finding.code }))
  return joined(notes(a), notes(b)).map((pair) => ({ ...pair, what: `Note ${pair.what}`, demands: [] }))
}

/** By what was asked; of several answers to one question the first of each side stand beside each other, and so on. */
function joined(a: readonly FindingView[], b: readonly FindingView[]): readonly Pair<FindingView>[] {
  const abouts = [...new Set([...a, ...b].map(({ about }) => about))]
  return abouts.flatMap((about) => {
    const [first, second] = [a, b].map((all) => all.filter((one) => one.about === about))
    const length = Math.max(first?.length ?? 0, second?.length ?? 0)
    return Array.from({ length }, (_, i) => ({ what: about, ...paired(first?.[i], second?.[i]) }))
  })
}

const paired = (a: FindingView | undefined, b: FindingView | undefined): Omit<Pair<FindingView>, 'what'> => ({
  a,
  b,
  differs: storyOf(a) !== storyOf(b),
})

const storyOf = (one: FindingView | undefined): string =>
  JSON.stringify(
    one === undefined ? null : [one.state, one.code, one.expected ?? '', one.found ?? '', one.claimed ?? ''],
  )
