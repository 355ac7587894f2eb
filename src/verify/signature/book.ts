import { type Code, isNotEvaluated } from '../../core/codes.ts'
import type { Digest } from '../../core/digest.ts'
import type { Basis, Finding, FindingOutcome, Subject, Where } from '../../core/finding.ts'
import type { Json } from '../../core/json.ts'
import type { Requirement } from '../../core/policy.ts'
import type { Candidate } from './candidate.ts'
import type { Refusal } from './facts.ts'

export type CandidateResult = {
  readonly candidate: Candidate
  readonly status: 'met' | 'failed' | 'undecided'
  readonly findings: readonly Finding[]
  /** First in the order of the stages: why it was not met. */
  readonly reason: Finding | undefined
  /** How many demands failed, and how many could not be told. */
  readonly failures: number
  readonly open: number
  /** How far it came: the place of the reason in the order of the stages. */
  readonly reach: number
  /** The key of the policy that made it, by its SubjectPublicKeyInfo: thresholds count distinct keys (T18). */
  readonly key: Digest | undefined
  /** Instants at which the answer could change: before a signed time it would lie in the future. Milliseconds. */
  readonly boundaries: readonly number[]
  readonly source: Readonly<Partial<Record<'commit' | 'run' | 'repositoryId' | 'ownerId', string>>>
}

type Detail = {
  readonly expected?: Json | undefined
  readonly found?: Json | undefined
  readonly where?: Where | undefined
}

/** Collects the findings of one candidate, in the order of the stages. */
export class Book {
  private readonly findings: Finding[] = []
  private readonly requirement: Requirement
  private readonly pointer: string
  private readonly candidate: Candidate
  private readonly evidence: readonly Digest[]
  private readonly subject: Subject

  constructor(
    requirement: Requirement,
    pointer: string,
    candidate: Candidate,
    evidence: readonly Digest[],
    subject: Subject,
  ) {
    this.requirement = requirement
    this.pointer = pointer
    this.candidate = candidate
    this.evidence = evidence
    this.subject = subject
  }

  demand(place: string, outcome: FindingOutcome, code: Code, detail: Detail = {}): void {
    this.write(outcome, code, detail, `${this.pointer}${place}`)
  }

  refusal(place: string, refusal: Refusal, detail: Detail = {}): void {
    this.demand(place, refusal.outcome, refusal.code, { expected: refusal.expected, found: refusal.found, ...detail })
  }

  note(code: Code, detail: Detail = {}): void {
    this.write('pass', code, detail, undefined)
  }

  close(): Pick<CandidateResult, 'status' | 'findings' | 'reason' | 'failures' | 'open' | 'reach'> {
    const asked = this.findings.filter(({ demand }) => demand !== undefined)
    const failed = asked.filter(({ outcome }) => outcome === 'fail')
    const open =
      asked.find(({ outcome, code }) => outcome === 'error' && !isNotEvaluated(code)) ??
      asked.find(({ outcome }) => outcome === 'error')
    return {
      status: failed.length > 0 ? 'failed' : open !== undefined ? 'undecided' : 'met',
      findings: this.findings,
      reason: failed[0] ?? open,
      failures: failed.length,
      reach: asked.indexOf(failed[0] ?? open ?? ({} as Finding)),
      open: asked.filter(({ outcome }) => outcome === 'error').length,
    }
  }

  private write(
    outcome: FindingOutcome,
    code: Code,
    { expected, found, where }: Detail,
    demand: string | undefined,
  ): void {
    const basis: Basis = outcome === 'error' || demand === undefined ? 'none' : 'cryptographic'
    this.findings.push({
      check: this.requirement.id,
      code,
      outcome,
      ...(demand !== undefined && { demand }),
      basis,
      subject: this.subject,
      candidate: this.candidate.id,
      ...(where !== undefined && { where }),
      ...(expected !== undefined && { expected }),
      ...(found !== undefined && { found }),
      evidence: this.evidence,
    })
  }
}
