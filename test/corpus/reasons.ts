import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding } from '../../src/core/finding.ts'
import type { SubjectAnswer } from '../../src/core/request.ts'
import { corpus, hasCorpus } from '../attacks/corpus.ts'
import { isVerdict, type Judged } from './batch.ts'

/** Why something was not trusted, held against what each case of the release foresees. */

/** Where our reason has another name than the case foresees, and why that is no worse. */
export const differences: Readonly<Record<string, { readonly area: string; readonly why: string }>> = {
  'cases/sig2-junk-only': {
    area: 'log',
    why: 'of 50 junk signatures the one that came furthest has the log entry of another one',
  },
  'cases/att-two-envelope-signatures': {
    area: 'signature',
    why: 'an envelope with two signatures is malformed before anything in it is read',
  },
}

type Case = { readonly id: string; readonly expect: { readonly area?: string } }

export const foreseen: ReadonlyMap<string, string | undefined> = hasCorpus
  ? new Map(
      (JSON.parse(readFileSync(join(corpus, 'kong-release/cases.json'), 'utf8')) as readonly Case[]).map((one) => [
        `cases/${one.id}`,
        one.expect.area,
      ]),
    )
  : new Map()

const isOpen = ({ outcome }: Finding) => outcome === 'fail' || outcome === 'error'

/** Findings that decided, and failing ones of the candidate with the fewest. */
export function reasonsOf({ findings }: SubjectAnswer): readonly Finding[] {
  const demanded = findings.filter((finding) => finding.demand !== undefined && isOpen(finding))
  const deciding = demanded.filter(
    ({ candidate, demand }) => candidate === undefined && /^\/requirements\/\d+$/.test(demand ?? ''),
  )
  const byCandidate = Map.groupBy(
    demanded.filter(({ candidate }) => candidate !== undefined),
    ({ candidate }) => candidate,
  )
  const closest = [...byCandidate.values()].sort((a, b) => a.length - b.length)[0] ?? []
  return deciding.length === 0 ? [] : [...deciding, ...closest.filter(({ outcome }) => outcome === 'fail')]
}

const means = (area: string, { code }: Finding): boolean =>
  area === 'absent' ? code.endsWith('.absent') : area.includes('.') ? code === area : code.split('.')[0] === area

/** Rows whose reason lies in no foreseen area, and how many were compared. */
export function strayReasons(judged: readonly Judged[]): {
  readonly stray: readonly string[]
  readonly compared: number
} {
  const stray: string[] = []
  let compared = 0
  for (const { row, answer } of judged) {
    const area = differences[row.row]?.area ?? foreseen.get(row.row)
    if (!isVerdict(answer) || answer.verdict === 'trusted' || area === undefined) continue
    compared++
    const reasons = answer.subjects.flatMap(reasonsOf)
    if (!reasons.some((reason) => means(area, reason)))
      stray.push(`${row.request.id}: ${reasons.map(({ code }) => code).join()}, foreseen is ${area}`)
  }
  return { stray, compared }
}
