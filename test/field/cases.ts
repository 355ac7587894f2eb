/** Field cases of the corpus: what people ran into with neighbouring tools, each with the right answer of ours. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { hasPython } from '../registry/serve.ts'

const corpus = process.env['MESHPROOF_CORPUS'] ?? fileURLToPath(new URL('../../../shared/corpus', import.meta.url))
export const field = `${corpus}/field`
export const hasField = existsSync(`${field}/cases.json`)
export const canPlay = hasField && hasPython
if (!hasField) console.warn('field cases skipped: no corpus (set MESHPROOF_CORPUS)')
else if (!hasPython) console.warn('field cases with a registry skipped: python3 is not installed')

type OneOrMore<T> = T | readonly T[]

/** One row a variant of the case. */
export type Expected = {
  readonly for: string
  readonly verdict?: OneOrMore<string>
  readonly exit?: OneOrMore<number>
  readonly code?: string
  readonly area?: string
  readonly never?: readonly string[]
  readonly notes?: readonly string[]
  readonly requests?: Readonly<Record<string, number>>
  readonly shows?: readonly string[]
  readonly warns?: string
  readonly words?: readonly string[]
  readonly never_words?: readonly string[]
  readonly subject?: string
  readonly never_subject?: string
  readonly never_verdict?: string
}

export type FieldCase = {
  readonly id: string
  readonly area: string
  readonly kind: string
  readonly folder: string
  readonly run: readonly string[]
  readonly expect: readonly Expected[]
}

type Row = { readonly id: string; readonly area: string; readonly kind: string; readonly folder?: string }

const ours = /^(registry|signature|provenance|cli)\b/i

/** Cases of the areas that are built; those of others come with their rooms. */
export function fieldCases(): readonly FieldCase[] {
  if (!hasField) return []
  const rows = JSON.parse(readFileSync(`${field}/cases.json`, 'utf8')) as readonly Row[]
  return rows.flatMap(({ id, area, kind, folder }) => {
    if (folder === undefined || !ours.test(area)) return []
    const read = JSON.parse(readFileSync(`${field}/${folder}/case.json`, 'utf8')) as Pick<FieldCase, 'run' | 'expect'>
    return [{ id, area, kind, folder: `${field}/${folder}`, run: read.run, expect: read.expect }]
  })
}

/** `meshproof verify image {{a}}/team/app:a --policy policy.json   (a remark)` → its arguments. */
export function commandOf(line: string): { readonly args: readonly string[]; readonly input?: string } | undefined {
  const bare = line.replace(/\s{2,}\(.*\)$/, '').replace(/\s+\(fill \{\{\w\}\}\)$/, '')
  const [command = '', input] = bare.split(' < ')
  const words = command.trim().split(/\s+/)
  return words[0] === 'meshproof'
    ? { args: words.slice(1), ...(input !== undefined && { input: input.trim() }) }
    : undefined
}
