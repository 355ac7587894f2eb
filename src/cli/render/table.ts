import type { Answer } from '../../core/request.ts'
import { brief } from '../../report/model/brief.ts'
import { isJudged, type SubjectView, type VerdictView, verdictView } from '../../report/model/verdict-view.ts'
import { renderProblem } from './problem.ts'
import { count, hang, lengthOf, outcomeMarks, pad, painter, type TextOptions, wrap } from './text.ts'

/** The short table: a block an answer, a line a subject, what to do next once, and one line that sums up. */
export function renderTable(answers: readonly Answer[], options: TextOptions): string {
  const views = answers.filter(isJudged).map(verdictView)
  const problems = answers.flatMap((answer) => ('problem' in answer ? [renderProblem(answer.problem, options)] : []))
  const shared = sharedNotes(views)
  const blocks = views.map((view) => block(view, shared, options))
  const end =
    views.length === 0
      ? []
      : [[summary(views, options), ...shared.flatMap((says) => labelled('note', says, options))].join('\n')]
  return [...blocks, ...problems, ...end].join('\n\n')
}

/** What is said of every image is said once, at the end. */
function sharedNotes([first, ...others]: readonly VerdictView[]): readonly string[] {
  if (first === undefined || others.length === 0) return []
  const says = notesOf(first).map((note) => note.says)
  return says.filter((text) => others.every((view) => notesOf(view).some((note) => note.says === text)))
}

function block(view: VerdictView, shared: readonly string[], options: TextOptions): string {
  const labels = Math.max(...view.subjects.map(({ label }) => lengthOf(label)), 5)
  const next = view.subjects.flatMap(({ reason, outcome }) => (outcome === 'trusted' ? [] : (reason?.next ?? [])))
  return [
    painter(options)('bold', view.name),
    ...runs(view.subjects).flatMap((run) => runLines(run, labels, options)),
    ...view.subjects.flatMap(({ others }) => others.flatMap((one) => labelled('also', brief(one.says, one), options))),
    ...[...new Set(next)].flatMap((text) => labelled('next', text, options)),
    ...notesOf(view).flatMap(({ says }) => (shared.includes(says) ? [] : labelled('note', says, options))),
  ].join('\n')
}

/** A look-up that failed is a note, too; where it became the reason it is said already. */
const notesOf = ({ notes, subjects }: VerdictView): VerdictView['notes'] =>
  notes.filter((note) => note.state === 'note' || !subjects.some(({ reason }) => reason?.says === note.says))

type Run = readonly [SubjectView, ...SubjectView[]]

/** Neighbours with the same outcome for the same reason. */
function runs(subjects: readonly SubjectView[]): readonly Run[] {
  const all: [SubjectView, ...SubjectView[]][] = []
  for (const subject of subjects) {
    const run = all.at(-1)
    if (run?.[0].outcome === subject.outcome && run[0].sentence === subject.sentence) run.push(subject)
    else all.push([subject])
  }
  return all
}

/** The reason stands beside the first subject where it fits, else once below all of them. */
function runLines(run: Run, labels: number, options: TextOptions): readonly string[] {
  const paint = painter(options)
  const [first] = run
  const reason = reasonOf(first)
  const fits = 2 + 14 + 2 + labels + 2 + 12 + 2 + lengthOf(reason) <= options.columns
  const lines = run.map(({ outcome, label, short }, i) => {
    const { mark, style } = outcomeMarks[outcome]
    const head = `  ${paint(style, `${mark} ${pad(outcome, 12)}`)}  ${pad(label, labels)}  ${paint('dim', short)}`
    return !fits ? head : i === 0 ? `${head}  ${reason}` : `${head}  ${paint('dim', 'the same')}`
  })
  return fits ? lines : [...lines, ...hang('', 4, reason, options.columns)]
}

function reasonOf({ outcome, requirements, reason, sentence }: SubjectView): string {
  const text = brief(sentence, reason)
  const id = requirements.find(({ decisive }) => decisive === reason)?.id
  return outcome === 'trusted' || id === undefined ? text : `${id}: ${text}`
}

function labelled(label: string, text: string, options: TextOptions): readonly string[] {
  const [first = '', ...rest] = hang(`  ${label}`, 8, text, options.columns)
  return [painter(options)('dim', first.slice(0, 8)) + first.slice(8), ...rest]
}

function summary(views: readonly VerdictView[], options: TextOptions): string {
  const paint = painter(options)
  const totals = (['trusted', 'rejected', 'inconclusive'] as const).flatMap((outcome) => {
    const number = views.filter((view) => view.outcome === outcome).length
    return number === 0 ? [] : [{ text: `${number} ${outcome}`, style: outcomeMarks[outcome].style }]
  })
  const what = count(views.length, views.every(({ again }) => again === 'verify image') ? 'image' : 'artifact')
  const distinct = (texts: readonly string[]) => [...new Set(texts)].join(', ')
  const stands = `Policy ${distinct(views.map(({ policy }) => policy.name))}; trusted root ${distinct(views.map(({ trust }) => trust))}.`
  const length = lengthOf(`${what}: ${totals.map(({ text }) => text).join(', ')}. ${stands}`)
  const end =
    length <= options.columns
      ? ` ${paint('dim', stands)}`
      : `\n${paint('dim', wrap(stands, options.columns).join('\n'))}`
  return `${what}: ${totals.map(({ text, style }) => paint(style, text)).join(', ')}.${end}`
}
