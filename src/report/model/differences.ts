import type { Finding } from '../../core/finding.ts'
import type { Json } from '../../core/json.ts'
import type { SubjectAnswer, VerdictAnswer } from '../../core/request.ts'
import type { VerdictOutcome } from '../../core/verdict.ts'

/** Where two answers to one request part, subject by subject; what is the same in both is left out. */
export type SubjectDifference = {
  readonly subject: string
  readonly role: SubjectAnswer['role']
  readonly platform?: string
  readonly was: Judged | null
  readonly is: Judged | null
  readonly findings: readonly FindingDifference[]
}
export type Judged = { readonly verdict: string; readonly outcome: VerdictOutcome }
/** One question, line by line: what was found then and is found now. `demand` is that of now, where there is one. */
export type FindingDifference = {
  readonly check: string
  readonly demand?: string
  readonly candidate?: string
  readonly was: Told | null
  readonly is: Told | null
}
export type Told = {
  readonly outcome: Finding['outcome']
  readonly code: Finding['code']
  readonly basis: Finding['basis']
  readonly expected?: Json
  readonly found?: Json
  readonly claimed?: Json
}

export function differencesOf(before: VerdictAnswer, after: VerdictAnswer): readonly SubjectDifference[] {
  return pairedSubjects(before, after).flatMap(([then, now]) => {
    const findings = findingsApart(then?.findings ?? [], now?.findings ?? [])
    if (then?.outcome === now?.outcome && findings.length === 0) return []
    const one = now ?? then
    if (one === undefined) return []
    return [
      {
        subject: nameOf(one),
        role: one.role,
        ...(one.platform !== undefined && { platform: one.platform }),
        was: then === undefined ? null : judgedOf(then),
        is: now === undefined ? null : judgedOf(now),
        findings,
      },
    ]
  })
}

/** The same digest in the same role stands beside itself; one that only one side judged stands alone. */
export function pairedSubjects(
  before: VerdictAnswer,
  after: VerdictAnswer,
): readonly (readonly [SubjectAnswer | undefined, SubjectAnswer | undefined])[] {
  const [was, is] = [before, after].map(({ subjects }) => new Map(subjects.map((one) => [keyOf(one), one] as const)))
  return [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])].map((key) => [was?.get(key), is?.get(key)])
}

const nameOf = ({ subject }: SubjectAnswer): string => (typeof subject === 'string' ? subject : subject.unresolved)
const keyOf = (one: SubjectAnswer): string => `${one.role} ${nameOf(one)}`
const judgedOf = ({ verdictId, outcome }: SubjectAnswer): Judged => ({ verdict: verdictId, outcome })

function findingsApart(was: readonly Finding[], is: readonly Finding[]): readonly FindingDifference[] {
  const [then, now] = [byQuestion(was), byQuestion(is)]
  return [...new Set([...then.keys(), ...now.keys()])].flatMap((key) => {
    const [first, second] = [then.get(key) ?? [], now.get(key) ?? []]
    const stories = { first: new Set(first.map(storyOf)), second: new Set(second.map(storyOf)) }
    const gone = first.filter((one) => !stories.second.has(storyOf(one)))
    const come = second.filter((one) => !stories.first.has(storyOf(one)))
    return Array.from({ length: Math.max(gone.length, come.length) }, (_, i) => pairOf(gone[i], come[i])).flat()
  })
}

function pairOf(was: Finding | undefined, is: Finding | undefined): readonly FindingDifference[] {
  const one = is ?? was
  if (one === undefined) return []
  const { check, demand, candidate } = one
  return [
    {
      check,
      ...(demand !== undefined && { demand }),
      ...(candidate !== undefined && { candidate }),
      was: was === undefined ? null : toldOf(was),
      is: is === undefined ? null : toldOf(is),
    },
  ]
}

const toldOf = ({ outcome, code, basis, expected, found, claimed }: Finding): Told => ({
  outcome,
  code,
  basis,
  ...(expected !== undefined && { expected }),
  ...(found !== undefined && { found }),
  ...(claimed !== undefined && { claimed }),
})

const storyOf = (finding: Finding): string => JSON.stringify(toldOf(finding))

/** The place of a requirement in its policy says nothing of what it demands: its id does. */
function byQuestion(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const map = new Map<string, Finding[]>()
  for (const one of findings) {
    const demand = one.demand?.replace(/^\/requirements\/\d+/, '/requirements')
    const key = JSON.stringify([one.check, demand ?? null, one.candidate ?? null])
    map.set(key, [...(map.get(key) ?? []), one])
  }
  return map
}
