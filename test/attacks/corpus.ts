/** The corpus of really signed material, where it is at hand: MESHPROOF_CORPUS, or beside the repository. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { limits } from '../../src/core/limits.ts'
import type { SubjectAnswer } from '../../src/core/request.ts'
import { memoryStore } from '../../src/evidence/store/memory.ts'
import { withoutDownloads } from '../../src/examine/downloaded.ts'
import { offline } from '../../src/examine/examination.ts'
import { examine } from '../../src/examine/examine.ts'
import { prepare, readRequest } from '../../src/examine/prepare.ts'

export const corpus = resolve(process.env['MESHPROOF_CORPUS'] ?? join(import.meta.dirname, '../../../shared/corpus'))
const list = join(corpus, 'requests.ndjson')
export const hasCorpus = existsSync(list)
if (!hasCorpus) console.log('The corpus is not at hand (MESHPROOF_CORPUS): tests that read it are skipped.')

type Line = { readonly row: string; readonly kind: string; readonly request: { readonly id?: string } }
let lines: readonly Line[] | undefined

/** The first request of a row, answered without network. */
export async function judgeRow(row: string): Promise<SubjectAnswer> {
  lines ??= readFileSync(list, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
  const line = lines.find((one) => one.row === row)
  if (line === undefined) throw new Error(`the corpus has no row ${row}`)
  const store = memoryStore()
  const clock = () => Date.parse('2026-11-25T00:00:00Z')
  const paths = { root: corpus, confined: true }
  const publicGood = () => Promise.resolve(undefined)
  const request = readRequest({ ...line.request, offline: true })
  const { examination, sources } = await prepare(withoutDownloads(request), {
    paths,
    store,
    limits,
    now: clock,
    publicGood,
  })
  const world = { store, sources: [...sources, offline(clock)], now: clock, limits, versions: {} }
  const { answer } = await examine(examination, { ...world, signal: new AbortController().signal })
  const [subject] = answer.subjects
  if (subject === undefined) throw new Error('no subject')
  return subject
}
