import { describe, expect, test } from 'vitest'
import { canPlay, commandOf, type Expected, type FieldCase, fieldCases, hasField } from './cases.ts'
import { decidingOf, findingsOf, playCase, type Scene, type Told } from './play.ts'

const played = fieldCases().filter(
  ({ run, folder }) =>
    run.some((line) => commandOf(line)?.args[0] === 'verify') &&
    (canPlay || !run.join(' ').includes('serve.py')) &&
    folder,
)

describe.skipIf(!hasField)('field', () => {
  test.for(played.map((one) => [`${one.id}: ${one.kind}`, one] as const))('%s', async ([, one]) => {
    const scene = await playCase(one)
    for (const [told, expected] of pairsOf(one, scene)) hold(told, expected, scene)
  })
  test('there are cases that can be played', () => expect(played.length > 0 || !canPlay).toBe(true))
})

/** Which row speaks of which answer: by its name (a batch line's id, a tag), for all, or in the order of the commands. */
function pairsOf({ expect: rows }: FieldCase, { told }: Scene): readonly (readonly [Told, Expected])[] {
  const unit = rows.filter((row) => row.verdict !== undefined || row.exit !== undefined)
  return unit.flatMap((row) => {
    const named = told.filter(({ names }) => names.includes(row.for))
    if (named.length > 0) return named.map((one) => [one, row] as const)
    if (row.for === '*' || row.for.startsWith('every')) return told.map((one) => [one, row] as const)
    const one = told[unit.indexOf(row)]
    if (one === undefined) throw new Error(`no answer for ${row.for}`)
    return [[one, row] as const]
  })
}

const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] | undefined =>
  value === undefined ? undefined : Array.isArray(value) ? (value as readonly T[]) : [value as T]

function hold({ answer, ran, text }: Told, row: Expected, { requests }: Scene): void {
  const about = `${row.for}: ${ran.stderr} ${JSON.stringify(findingsOf(answer).map(({ code, outcome }) => `${code} ${outcome}`))}`
  const codes = findingsOf(answer).map(({ code }) => code as string)
  const deciding = decidingOf(answer).map(({ code }) => code as string)
  if (row.verdict !== undefined) expect(listOf(row.verdict), about).toContain(answer?.verdict)
  if (row.never_verdict !== undefined) expect(answer?.verdict, about).not.toBe(row.never_verdict)
  // A batch's exit is the worst of its lines; that of a line alone is told by its verdict.
  const exit = ran.answers.length > 1 ? exitOf(answer?.verdict) : ran.code
  if (row.exit !== undefined) expect(listOf(row.exit), about).toContain(exit)
  if (row.code !== undefined) expect(deciding, about).toContain(row.code)
  if (row.area !== undefined)
    expect(
      [...deciding, ...codes].map((code) => code.split('.')[0]),
      about,
    ).toContain(row.area)
  for (const code of row.never ?? []) expect(codes, about).not.toContain(code)
  for (const code of row.notes ?? []) expect(codes, about).toContain(code)
  for (const [host, most] of Object.entries(row.requests ?? {})) expect(requests[host], about).toBeLessThanOrEqual(most)
  for (const shown of row.shows ?? []) expect(ran.stdout + text, about).toContain(shown)
  if (row.warns !== undefined) expect(text.replace(/\s+/g, ' '), about).toContain(row.warns)
  for (const word of row.words ?? []) expect(text.toLowerCase(), about).toContain(word)
  for (const word of row.never_words ?? []) expect(text.toLowerCase(), about).not.toContain(word)
  const subjects = (answer?.subjects ?? []).map(({ subject }) => subject)
  if (row.subject !== undefined) expect(subjects, about).toContain(row.subject)
  if (row.never_subject !== undefined) expect(subjects, about).not.toContain(row.never_subject)
}

const exitOf = (verdict: string | undefined): number => (verdict === 'trusted' ? 0 : verdict === 'rejected' ? 1 : 3)

/** What `cases.json` says in words is right, beside the code. */
const said: readonly (readonly [string, string, readonly string[]])[] = [
  ['F-001', 'a', ['/v2/team/app/manifests/sha256-', '403']],
  ['F-004', 'a', ['sent us elsewhere']],
  ['F-008', '1', ['Rebuild or convert the image']],
  ['F-021', 'a', ['dev.cosignproject.cosign/signature']],
  ['F-029', 'spoiled', ['33701d97b9e4f332084fb44db0084da95af4b8bb82d2a99788a35280cc97d18d']],
  ['F-067', '1', ['mirror', 'docker.io/kong/notary']],
]
test.for(said.filter(([id]) => played.some((one) => one.id === id)))(
  '%s %s is told in words',
  async ([id, name, words]) => {
    const one = played.find((row) => row.id === id)
    const { told } = await playCase(one as FieldCase)
    const texts = told.filter(({ names }) => names.includes(name)).map(({ text }) => text)
    for (const word of words) expect(texts.at(-1)).toContain(word)
  },
)
