import type { Json } from '../core/json.ts'
import type { FindingDifference, SubjectDifference, Told } from '../report/model/differences.ts'

/** What differs between two judgements of one request, for people: each subject, and below it finding by finding. */
export function differenceLines(name: string, differences: readonly SubjectDifference[]): readonly string[] {
  if (differences.length === 0) return [`${name}: the same outcomes.`]
  return differences.flatMap(({ role, platform, was, is, findings }) => [
    `${name} (${platform ?? role}): was ${was?.outcome ?? 'not judged'}; is ${is?.outcome ?? 'not judged'}`,
    ...[...findings].sort(deciding).map(lineOf),
  ])
}

/** What decides stands before what it was decided by. */
const deciding = (a: FindingDifference, b: FindingDifference): number =>
  Number(a.candidate !== undefined || a.demand === undefined) -
  Number(b.candidate !== undefined || b.demand === undefined)

function lineOf({ check, demand, candidate, was, is }: FindingDifference): string {
  const place = demand?.replace(/^\/requirements\/\d+/, '') ?? ''
  const of = candidate === undefined ? '' : ` of ${candidate.slice(0, 19)}`
  const [then, now] = [told(was), told(is)]
  // Where the words are the same, it is what was expected or found that differs.
  return then === now
    ? `  ${check}${place}${of}: was ${then}${values(was)}; is ${now}${values(is)}`
    : `  ${check}${place}${of}: was ${then}; is ${now}`
}

const told = (one: Told | null): string =>
  one === null ? 'not there' : `${one.outcome === 'error' ? 'could not tell' : one.outcome} ${one.code}`

function values(one: Told | null): string {
  const parts = (['expected', 'found', 'claimed'] as const).flatMap((key) =>
    one?.[key] === undefined ? [] : [`${key} ${text(one[key])}`],
  )
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}
const text = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))
