import type { Code } from '../core/codes.ts'
import type { Digest } from '../core/digest.ts'
import { type GivenKind, type Observation, type Outcome3, type Question, questionKey } from '../core/observation.ts'

export type BytesOf = (digest: Digest) => Uint8Array | undefined
type GivenProblem = { readonly code: Code; readonly question: Extract<Question, { ask: 'given' }> }
export type GivenPiece = { readonly kind: GivenKind; readonly digest: Digest; readonly mediaType: string }

/** The evidence so far, by question; what was brought along, piece by piece. */
export class EvidenceView {
  readonly observations: readonly Observation[]
  readonly bytes: BytesOf
  readonly given: readonly GivenPiece[]
  readonly givenProblems: readonly GivenProblem[]
  /** The list of an archive's files: vouches for nothing by itself. */
  readonly members: Outcome3 | undefined
  private readonly byQuestion = new Map<string, Outcome3>()

  constructor(observations: readonly Observation[], bytes: BytesOf) {
    this.observations = observations
    this.bytes = bytes
    const given: GivenPiece[] = []
    let members: Outcome3 | undefined
    const problems: GivenProblem[] = []
    for (const { question, outcome } of observations) {
      if (question.ask === 'given' && question.kind === 'members') {
        members = outcome
        continue
      }
      if (question.ask !== 'given') this.byQuestion.set(questionKey(question), outcome)
      else if ('found' in outcome)
        given.push({ kind: question.kind, digest: outcome.found, mediaType: outcome.mediaType })
      else if ('failed' in outcome) problems.push({ code: outcome.failed, question })
    }
    this.given = given
    this.members = members
    this.givenProblems = problems
  }

  outcomeOf(question: Question): Outcome3 | undefined {
    return this.byQuestion.get(questionKey(question))
  }
}
