import { type Code, words } from '../../core/codes.ts'
import type { Json } from '../../core/json.ts'
import { printable } from '../../core/printable.ts'
import type { Problem } from '../../core/request.ts'
import { hang, painter, type TextOptions } from './text.ts'

/** A person's error is three lines: what, where (expected, found), what to do next. Texts are made printable (T80). */
export function renderProblem({ code, title, parameters = {}, detail }: Problem, options: TextOptions): string {
  const paint = painter(options)
  const texts = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, textOf(value)]))
  const says = printable(title)
  const { next } = words(code, texts)
  const line = (label: string, style: 'red' | 'dim' | 'bold', text: string) => {
    const [first = '', ...rest] = hang(`${label}:`, 8, text, options.columns)
    return [paint(style, `${label}:`) + first.slice(label.length + 1), ...rest].join('\n')
  }
  return [
    line('error', 'red', says),
    line('where', 'dim', whereOf(code, says, texts, parameters['problems'], detail)),
    line('next', 'bold', next ?? 'meshproof --help lists what there is.'),
  ].join('\n')
}

/** The code, and whatever the sentence does not say yet. */
function whereOf(
  code: Code,
  says: string,
  texts: Readonly<Record<string, string>>,
  problems: Json | undefined,
  detail: string | undefined,
): string {
  const places = placesOf(problems)
  const unsaid = Object.entries(texts)
    .filter(([name, text]) => name !== 'problems' && !says.includes(text) && !(name === 'expected' && says === ''))
    .filter(([name]) => !isInNext(code, name))
    .map(([name, text]) => `${name} ${text}`)
  const more = [...unsaid, ...(places.length > 1 ? places : []), ...(detail === undefined ? [] : [printable(detail)])]
  return more.length === 0 ? code : `${code} (${more.join('; ')})`
}

/** A parameter that the last line fills in is said there. */
const isInNext = (code: Code, name: string): boolean => {
  const mark = '\u0001'
  return words(code, { [name]: mark }).next?.includes(mark) === true
}

function placesOf(problems: Json | undefined): readonly string[] {
  if (!Array.isArray(problems)) return []
  return problems.flatMap((one) =>
    typeof one === 'object' && one !== null && !Array.isArray(one) && typeof one['pointer'] === 'string'
      ? [`at ${printable(one['pointer'] === '' ? '/' : one['pointer'])}`]
      : [],
  )
}

const textOf = (value: Json): string => printable(typeof value === 'string' ? value : JSON.stringify(value))
