/** Outcome and findings of everything that was judged, as one digest: a decision that changes cannot go unseen. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Digest } from '../../src/core/digest.ts'
import { type Json, seal } from '../../src/core/json.ts'
import { isVerdict, type Judged } from './batch.ts'

export const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden.json'), 'utf8')) as {
  readonly rules: number
  readonly digest: string
}

export const digestOfAll = (judged: readonly Judged[]): Digest =>
  seal(
    judged.map(({ row, answer }) => [
      row.request.id,
      isVerdict(answer)
        ? answer.subjects.map(({ subject, outcome, findings }) => ({ subject, outcome, findings }) as unknown as Json)
        : answer.problem.code,
    ]),
  ).digest

export const whatToDo = (digest: Digest): string =>
  'A decision or a finding changed. If that is meant, raise `rules` in src/core/verdict.ts and store both in ' +
  'test/corpus/golden.json; until the first release rules stay 1 and only the digest is stored. ' +
  `Judged now: ${digest}`
