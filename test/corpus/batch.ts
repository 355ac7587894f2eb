/** The corpus as `verify batch` sees it: lines of requests in, answers out, no network, the clock stands. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { verifyBatch } from '../../src/cli/verify-batch.ts'
import type { Answer, VerdictAnswer } from '../../src/core/request.ts'
import type { VerdictOutcome } from '../../src/core/verdict.ts'
import { memoryStore } from '../../src/evidence/store/memory.ts'
import type { Shopkeeper } from '../../src/examine/shop.ts'
import { corpus } from '../attacks/corpus.ts'

export type Row = {
  readonly kind: string
  readonly row: string
  readonly request: { readonly id: string }
  readonly expect: readonly VerdictOutcome[]
  /** What a strict profile must say, where `expect` leaves more open. */
  readonly strict?: VerdictOutcome
  readonly reason?: string
}

/** Later than everything in the corpus was signed. */
const now = Date.parse('2027-01-01T00:00:00Z')

/** Kinds of requests, with the folder their paths are relative to. */
const folders: Readonly<Record<string, string>> = {
  'sigstore-bundle': '.',
  'cosign-signature': '.',
  'kong-release-signature': 'kong-release',
  'kong-release-layout': 'kong-release',
  'kong-release-profile': 'kong-release',
  'kong-release-provenance': 'kong-release',
  'kong-release-binary': 'kong-release',
  'slsa-artifact': '.',
  'slsa-image': '.',
  'github-attestation': '.',
}
export const kinds = Object.keys(folders)

const files = new Map<string, readonly Row[]>()

function rowsOf(kind: string): readonly Row[] {
  const folder = folders[kind] ?? '.'
  let rows = files.get(folder)
  if (rows === undefined) {
    const text = readFileSync(join(corpus, folder, 'requests.ndjson'), 'utf8')
    rows = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row)
    files.set(folder, rows)
  }
  return rows.filter((row) => row.kind === kind)
}

/** One answer a row, in the order of the rows. */
async function answersTo(kind: string, rows: readonly Row[]): Promise<readonly Answer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-corpus-'))
  const file = join(folder, 'requests.ndjson')
  writeFileSync(file, rows.map(({ request }) => `${JSON.stringify(request)}\n`).join(''))
  const lines: string[] = []
  const out = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(chunk.toString('utf8'))
      done()
    },
  })
  try {
    await verifyBatch({ file, root: join(corpus, folders[kind] ?? '.'), parallel: 4 }, keeper, out)
  } finally {
    rmSync(folder, { recursive: true })
  }
  return lines
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Answer)
}

export type Judged = { readonly row: Row; readonly answer: Answer }

const judged = new Map<string, Promise<readonly Answer[]>>()

/** All rows of a kind with their answers; asked once. */
export async function judgedRows(kind: string): Promise<readonly Judged[]> {
  const rows = rowsOf(kind)
  const answers = judged.get(kind) ?? answersTo(kind, rows)
  judged.set(kind, answers)
  const all = await answers
  if (all.length !== rows.length) throw new Error(`${all.length} answers to ${rows.length} requests`)
  return rows.map((row, i) => ({ row, answer: all[i] as Answer }))
}

export const isVerdict = (answer: Answer): answer is VerdictAnswer => 'verdict' in answer

const keeper: Shopkeeper = {
  now: () => now,
  publicGood: () => Promise.resolve(undefined),
  network: () => Promise.reject(new Error('the corpus is judged without network')),
  store: memoryStore,
  report: (error) => {
    throw error
  },
}
