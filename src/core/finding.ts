import type { Code } from './codes.ts'
import type { Digest } from './digest.ts'
import { canonicalJson, type Json } from './json.ts'
import type { Reference } from './reference.ts'

/** A digest, or a name that could not be resolved: that is a subject too. */
export type Subject = Digest | { readonly unresolved: Reference }

export type Where =
  | { readonly in: 'manifest'; readonly digest: Digest }
  | { readonly in: 'layer'; readonly index: number; readonly annotation?: string }
  | { readonly in: 'json'; readonly pointer: string }
  | { readonly in: 'certificate'; readonly field: string }
  | { readonly in: 'question'; readonly question: Json }
  | { readonly in: 'document'; readonly path: string }

export type FindingOutcome = 'pass' | 'fail' | 'error' | 'not-applicable'
export type Basis = 'cryptographic' | 'measured' | 'reported' | 'configured' | 'none'

/** One fact about one subject. No prose, no message of a library, no stack, no duration: two runs give the same bytes. */
export type Finding = {
  readonly check: string
  readonly code: Code
  readonly outcome: FindingOutcome
  /** JSON pointer into the policy; absent = a note: shown, never moves a verdict. */
  readonly demand?: string
  readonly basis: Basis
  readonly subject: Subject
  readonly candidate?: Digest
  readonly where?: Where
  readonly expected?: Json
  readonly found?: Json
  /** Not authenticated: shown as a claim (rule 3 of the threats). */
  readonly claimed?: Json
  readonly evidence: readonly Digest[]
  readonly waiver?: string
}

const subjectText = (subject: Subject): string => (typeof subject === 'string' ? subject : subject.unresolved)

/** Sorted by (check, subject, candidate, code, demand), then by canonical bytes; equal ones once. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const keyed = findings.map((finding) => ({
    finding,
    key: [
      finding.check,
      subjectText(finding.subject),
      finding.candidate ?? '',
      finding.code,
      finding.demand ?? '',
    ].join('\u0000'),
    text: canonicalJson(finding as unknown as Json),
  }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
  return keyed.filter((entry, i) => entry.text !== keyed[i - 1]?.text).map((entry) => entry.finding)
}

/** Whether a verdict is decided by it: one of a whole requirement, or over several; no candidate's, no note. */
export const decides = ({ candidate, demand }: Pick<Finding, 'candidate' | 'demand'>): boolean =>
  candidate === undefined && demand !== undefined && /^\/(requirements|sameBuild|installed)\/\d+$/.test(demand)
