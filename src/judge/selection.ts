import type { Requirement } from '../core/policy.ts'
import { predicateTypes } from '../verify/provenance/build-facts.ts'
import type { CandidateResult } from '../verify/signature/book.ts'
import type { Candidate } from '../verify/signature/candidate.ts'
import { claimedPredicateType, signPredicate } from '../verify/signature/payload.ts'
import { summaryType } from '../verify/summary/vsa.ts'

/** Types that differ in their version only are of one family: a v1 where v0.2 was demanded is wrong, an SBOM is something else. */
const familyOf = (type: string): string =>
  type
    .toLowerCase()
    .replace(/\/+$/, '')
    .replace(/\/v\d+(?:\.\d+)?$/, '')

/** Whether a candidate is of the kind that a requirement looks for at all (T40). What is not is no failure: it is not it. */
export function isMeant(requirement: Requirement, candidate: Candidate, maxDepth: number): boolean {
  if (requirement.candidate === 'signature' || candidate.content.kind !== 'dsse') return true
  const claimed = claimedPredicateType(candidate.content, maxDepth)
  if (claimed === undefined) return true
  const wanted =
    requirement.predicateType ??
    (requirement.vsa !== undefined ? [summaryType] : undefined) ??
    (requirement.provenance !== undefined || 'builder' in requirement.signer
      ? Object.values(predicateTypes)
      : undefined)
  return wanted === undefined ? claimed !== signPredicate : wanted.some((type) => familyOf(type) === familyOf(claimed))
}

/** A statement of another type, where a signature was looked for. */
export const isOtherStatement = (result: CandidateResult): boolean =>
  result.candidate.content.kind === 'dsse' &&
  result.findings.some(
    ({ code, outcome, expected }) => outcome === 'fail' && code === 'payload.type' && expected === signPredicate,
  )

/** One that fails in more than its type as well: nobody meant it as a signature. */
export const isStranger = (result: CandidateResult): boolean => result.failures > 1 && isOtherStatement(result)

const merit = { met: 0, undecided: 1, failed: 2 } as const

/** What was brought along is held against a platform and against its index alike; it counts once, as what it comes closest to. */
export const eachOnce = (results: readonly CandidateResult[]): readonly CandidateResult[] =>
  [...Map.groupBy(results, ({ candidate }) => candidate.id).values()].flatMap(
    (same) => same.toSorted((a, b) => merit[a.status] - merit[b.status] || a.failures - b.failures)[0] ?? [],
  )
