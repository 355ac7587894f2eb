import { isNotEvaluated } from '../../core/codes.ts'
import type { Answer } from '../../core/request.ts'
import { brief } from '../../report/model/brief.ts'
import type { CandidateView, RequirementView, Step } from '../../report/model/chain.ts'
import { basisWords, type FindingView, stateWords } from '../../report/model/finding-view.ts'
import { notProvedPage } from '../../report/model/not-proved.ts'
import { shortDigest } from '../../report/model/trunk.ts'
import { isJudged, type SubjectView, type VerdictView, verdictView } from '../../report/model/verdict-view.ts'
import { renderProblem } from './problem.ts'
import { count, hang, outcomeMarks, painter, stateMarks, type TextOptions } from './text.ts'

/** `--explain`: the chain of each subject as a tree, every finding in it, expected and found under each other. */
export function renderTree(answer: Answer, options: TextOptions): string {
  if (!isJudged(answer)) return renderProblem(answer.problem, options)
  const view = verdictView(answer)
  const paint = painter(options)
  const { mark, style } = outcomeMarks[view.outcome]
  return [
    `${paint('bold', view.name)}  ${paint(style, `${mark} ${view.outcome}`)}`,
    ...view.subjects.flatMap((subject, i) => new Tree(options).subject(subject, i === view.subjects.length - 1)),
    '',
    ...footer(view, options),
  ].join('\n')
}

/** Draws the lines of one subject; `rails` are what stands left of a node, `│` where its parent goes on. */
class Tree {
  private readonly options: TextOptions
  private readonly paint: ReturnType<typeof painter>
  private readonly lines: string[] = []

  constructor(options: TextOptions) {
    this.options = options
    this.paint = painter(options)
  }

  subject(subject: SubjectView, last: boolean): readonly string[] {
    const { mark, style } = outcomeMarks[subject.outcome]
    const title = `${this.paint(style, mark)} ${this.paint('bold', subject.label)} ${subject.outcome}`
    this.node('', last, title, (rails) => {
      const steps = subject.trunk.map((step) => (at: string, end: boolean) => this.step(at, end, step))
      const requirements = subject.requirements.map(
        (requirement) => (at: string, end: boolean) => this.requirement(at, end, requirement),
      )
      const notes = subject.notes.map((note) => (at: string, end: boolean) => this.findings(at, end, [note]))
      this.all(rails, [...steps, ...requirements, ...notes])
    })
    return this.lines
  }

  private all(rails: string, nodes: readonly ((rails: string, last: boolean) => void)[]): void {
    for (const [i, node] of nodes.entries()) node(rails, i === nodes.length - 1)
  }

  private node(rails: string, last: boolean, title: string, below?: (rails: string) => void): void {
    this.lines.push(`${this.paint('dim', rails + (last ? '└─ ' : '├─ '))}${title}`)
    below?.(rails + (last ? '   ' : '│  '))
  }

  /** Lines under a node, with its rails. */
  private under(rails: string, label: string, text: string): void {
    const width = this.options.columns - rails.length
    const indent = label === '' ? 0 : 10
    for (const line of hang(label, indent, text, Math.max(width, 30)))
      this.lines.push(this.paint('dim', rails + line.slice(0, indent)) + line.slice(indent))
  }

  private step(rails: string, last: boolean, { label, state, value, says }: Step): void {
    const { mark, style } = stateMarks[state]
    this.node(
      rails,
      last,
      `${this.paint(style, mark)} ${label} ${this.paint('dim', state === 'claimed' ? '(only claimed)' : '')}`.trimEnd(),
      (below) => {
        if (value !== undefined) this.under(below, '', value)
        if (says !== undefined && state !== 'pass') this.under(below, '', says)
      },
    )
  }

  private requirement(rails: string, last: boolean, { id, decisive, candidates, unheld }: RequirementView): void {
    const { mark, style } = stateMarks[decisive.state]
    const words = `${this.paint(style, mark)} Requirement ${this.paint('bold', id)} ${stateWords[decisive.state]}`
    this.node(rails, last, words, (below) => {
      const { basis, code, next, state } = decisive
      const at = candidates.length + unheld.length > 0 ? `${below}│  ` : `${below}   `
      this.under(at, '', brief(decisive.says, decisive))
      this.detail(at, decisive)
      this.under(at, 'basis', `${basis} (${basisWords[basis]}); ${code}`)
      if (state !== 'pass' && next !== undefined) this.under(at, 'next', next)
      this.all(below, [
        ...candidates.map(
          (candidate) => (inner: string, end: boolean) => this.candidate(inner, end, candidate, state !== 'pass'),
        ),
        ...told(unheld).map((run) => (inner: string, end: boolean) => this.findings(inner, end, run)),
      ])
    })
  }

  /** Junk beside a good candidate is detail: it takes no colour of its own. */
  private candidate(rails: string, last: boolean, { ids, state, findings }: CandidateView, counts: boolean): void {
    const coloured = counts || state === 'pass'
    const [id, ...others] = ids
    const title =
      others.length === 0 ? `Candidate ${this.paint('dim', id)}` : `${ids.length} candidates that tell the same`
    this.node(rails, last, `${this.mark(state, coloured)} ${title}`, (below) => {
      if (others.length > 0) this.under(`${below}│  `, '', ids.map(shortDigest).join(' '))
      this.all(
        below,
        told(findings).map((run) => (inner, end) => this.findings(inner, end, run, coloured)),
      )
    })
  }

  private mark(state: FindingView['state'], coloured: boolean): string {
    const { mark, style } = stateMarks[state]
    return coloured ? this.paint(style, mark) : mark
  }

  /** One finding, or neighbours that say the same words. */
  private findings(rails: string, last: boolean, run: readonly [FindingView, ...FindingView[]], coloured = true): void {
    const [finding] = run
    const below = rails + (last ? '   ' : '│  ')
    const about = run.map((one) => one.about).join(', ')
    const title = finding.state === 'note' ? '' : `${about}: `
    const decided = finding.state === 'fail' || (finding.state === 'unknown' && !isNotEvaluated(finding.code))
    const text = title + (decided ? `${stateWords[finding.state]} (${finding.code})` : finding.says)
    const [first = '', ...rest] = hang('', 2, text, Math.max(this.options.columns - rails.length - 3, 30))
    this.node(rails, last, `${this.mark(finding.state, coloured)} ${first.slice(2)}`)
    for (const line of rest) this.lines.push(this.paint('dim', below) + line)
    if (!decided) return
    if (finding.expected === undefined || finding.found === undefined) this.under(`${below}  `, '', finding.says)
    this.detail(`${below}  `, finding)
  }

  private detail(rails: string, { expected, found, claimed, where, state }: FindingView): void {
    if (claimed !== undefined) this.under(rails, 'claimed', claimed)
    if (state === 'pass' || state === 'note') return
    if (expected !== undefined) this.under(rails, 'expected', expected)
    if (found !== undefined) this.under(rails, 'found', found)
    if (where !== undefined) this.under(rails, 'where', where)
  }
}

/** Neighbours that only say that they were not evaluated, in the same words, are told in one line. */
function told(findings: readonly FindingView[]): readonly (readonly [FindingView, ...FindingView[]])[] {
  const runs: [FindingView, ...FindingView[]][] = []
  for (const finding of findings) {
    const run = runs.at(-1)
    if (run !== undefined && isNotEvaluated(finding.code) && run[0].says === finding.says) run.push(finding)
    else runs.push([finding])
  }
  return runs
}

function footer(view: VerdictView, options: TextOptions): readonly string[] {
  const line = (label: string, text: string) => {
    const [first = '', ...rest] = hang(label, 14, text, options.columns)
    return [painter(options)('dim', first.slice(0, 14)) + first.slice(14), ...rest]
  }
  const holds = [...new Set(view.subjects.map((subject) => subject.holds))]
  const places = view.places.map(
    ({ place, from, count: number, at }) => `${place}: ${count(number, 'look-up')}, from ${from}, ${at}`,
  )
  return [
    ...line('policy', `${view.policy.name} ${view.policy.digest}${view.policy.unconfirmed ? ' (unconfirmed)' : ''}`),
    ...line('trusted root', view.trust),
    ...line('judged at', view.at),
    ...line('holds', holds.join('; ')),
    ...places.flatMap((place, i) => line(i === 0 ? 'asked' : '', place)),
    ...line('verdicts', view.subjects.map(({ verdictId }) => verdictId).join(' ')),
    ...line('evidence', view.evidence.join(' ')),
    ...view.notProved.flatMap((text, i) => line(i === 0 ? 'not proved' : '', text)),
    ...line('', `More in ${notProvedPage}.`),
  ]
}
