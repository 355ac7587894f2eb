import type { Code } from '../../core/codes.ts'
import type { Json } from '../../core/json.ts'
import { firstPlace } from '../../core/pointer.ts'
import { type SummaryDemands, summaryPlaces } from '../../core/policy.ts'
import { failedLevel, lackingLevel, readLevels, type SlsaLevels } from '../../core/slsa-level.ts'
import { parseDuration, parseTime } from '../../core/time.ts'
import type { Book } from '../signature/book.ts'
import type { Matter } from '../signature/matter.ts'
import type { Claims } from '../signature/payload.ts'
import { unknownFields } from '../statement/in-toto.ts'
import { summaryType, type VerificationSummary, verificationSummary } from './vsa.ts'

/**
 * A verified statement as another verifier's summary (slsa.dev/spec/v1.2/verification_summary, "How to verify", steps 3 to 7):
 * whose it is, of which resource, that it passed, and at which level. Signature and subject were held before. Gives the
 * instants at which the answer changes, milliseconds.
 */
export function holdSummary(
  demands: SummaryDemands,
  claims: Claims | undefined,
  matter: Matter,
  book: Book,
): readonly number[] {
  if (claims?.statement === undefined) {
    for (const place of summaryPlaces(demands)) book.demand(place, 'error', 'vsa.not-evaluated')
    return []
  }
  if (claims.predicateType !== summaryType) {
    book.demand('/vsa', 'fail', 'vsa.type', { expected: summaryType, found: claims.predicateType?.slice(0, 200) }) // T53
    return []
  }
  const { predicate } = claims.statement
  const checked = verificationSummary.safeParse(predicate)
  if (!checked.success) {
    book.demand('/vsa', 'fail', 'vsa.malformed', { found: `/predicate ${firstPlace(checked.error)}`.trim() })
    return []
  }
  const summary = checked.data
  const levels = readLevels(summary.verifiedLevels)
  holdResult(summary, levels, book)
  const met = (place: string, good: boolean, code: Code, expected: Json, found: Json) =>
    book.demand(place, good ? 'pass' : 'fail', good ? 'demand.met' : code, { expected, found })
  const { id } = summary.verifier
  met('/vsa/verifier', id === demands.verifier, 'vsa.verifier', demands.verifier, id.slice(0, 1024)) // T61
  const { resourceUri } = summary
  met('/vsa/resource', resourceUri === demands.resource, 'vsa.resource', demands.resource, resourceUri.slice(0, 1024))
  if (demands.levels !== undefined) {
    const lacking = 'problem' in levels ? undefined : lackingLevel(demands.levels, levels)
    if ('problem' in levels) book.demand('/vsa/levels', 'error', 'vsa.not-evaluated')
    else met('/vsa/levels', lacking === undefined, 'vsa.level', lacking ?? demands.levels.join(', '), listOf(summary))
  }
  holdPolicy(demands, summary, book)
  const unknown = unknownFields(predicate, summary, ['predicate'])
  if (unknown.length > 0) book.note('payload.fields-unknown', { found: unknown.slice(0, 8).join(', ').slice(0, 512) })
  book.note('vsa.says', {
    found: [listOf(summary), summary.timeVerified ?? '', summary.policy.uri ?? ''].join(' ').trim(),
  })
  return holdAge(demands.maxAge, summary.timeVerified ?? undefined, matter, book)
}

const listOf = ({ verifiedLevels }: VerificationSummary): string => verifiedLevels.join(', ').slice(0, 512) || 'none'

/** T61: `PASSED` as it stands, and levels that do not say otherwise. */
function holdResult(summary: VerificationSummary, levels: SlsaLevels | { readonly problem: string }, book: Book): void {
  const { verificationResult: result, verifiedLevels } = summary
  if (result !== 'PASSED' || verifiedLevels.includes(failedLevel))
    book.demand('/vsa', 'fail', 'vsa.not-passed', {
      expected: 'PASSED',
      found: result === 'PASSED' ? listOf(summary) : result.slice(0, 200),
    })
  else if ('problem' in levels || verifiedLevels.length === 0)
    book.demand('/vsa', 'fail', 'vsa.levels-malformed', { found: 'problem' in levels ? levels.problem : 'none' })
  else book.demand('/vsa', 'pass', 'vsa.passed', { found: listOf(summary) })
}

function holdPolicy({ policy }: SummaryDemands, summary: VerificationSummary, book: Book): void {
  if (policy === undefined) return
  const { uri, digest } = summary.policy
  const sha256 = digest?.['sha256']
  const found = { uri: uri ?? 'none', digest: sha256 === undefined ? 'none' : `sha256:${sha256}` }
  const wrong = (['uri', 'digest'] as const).find((part) => policy[part] !== undefined && policy[part] !== found[part])
  const part = wrong ?? (policy.digest === undefined ? 'uri' : 'digest')
  book.demand('/vsa/policy', wrong === undefined ? 'pass' : 'fail', wrong === undefined ? 'demand.met' : 'vsa.policy', {
    expected: policy[part],
    found: found[part].slice(0, 1024),
  })
}

function holdAge(age: string | undefined, said: string | undefined, matter: Matter, book: Book): readonly number[] {
  if (age === undefined) return []
  const verified = said === undefined ? undefined : parseTime(said)
  if (verified === undefined) {
    book.demand('/vsa/maxAge', 'fail', 'vsa.stale', { expected: age, found: said?.slice(0, 64) ?? 'no time' })
    return []
  }
  const [begins, ends] = [verified - matter.limits.clockSkewMs, verified + (parseDuration(age) ?? 0)]
  const good = matter.at >= begins && matter.at < ends
  book.demand('/vsa/maxAge', good ? 'pass' : 'fail', good ? 'demand.met' : 'vsa.stale', { expected: age, found: said })
  return [begins, ends]
}
