import type { Digest } from '../core/digest.ts'
import type { Finding } from '../core/finding.ts'
import type { Json } from '../core/json.ts'
import type { Limits } from '../core/limits.ts'
import { isKeys, type Policy, type Requirement, transparencyOf } from '../core/policy.ts'
import type { Inputs } from '../core/verdict.ts'
import { demandsOf } from '../policy/demands-of.ts'
import type { CandidateResult } from '../verify/signature/book.ts'
import { isCandidate } from '../verify/signature/candidate.ts'
import { holdAgainst } from '../verify/signature/demands.ts'
import type { Matter } from '../verify/signature/matter.ts'
import { type Collected, collect, type Found, type Gap } from './candidates.ts'
import type { EvidenceView } from './evidence-view.ts'
import { eachOnce, isMeant, isOtherStatement, isStranger } from './selection.ts'
import type { Obstacle, Scope, Situation } from './situation.ts'
import type { TrustForPolicy } from './trust-for.ts'

export type RequirementCase = {
  readonly requirement: Requirement
  readonly pointer: string
  readonly policy: Policy
  readonly inputs: Inputs
  readonly view: EvidenceView
  readonly trust: TrustForPolicy
  readonly situation: Situation
  readonly scope: Scope
  readonly at: number
  readonly limits: Limits
}
export type JudgedRequirement = {
  readonly findings: readonly Finding[]
  readonly boundaries: readonly number[]
  /** Candidates that met it whole: what builds they come from (T96). */
  readonly met: readonly CandidateResult[]
  readonly applies: boolean
}

/**
 * One requirement for one subject: candidates are held against all demands, one must meet them whole, and the one
 * finding without candidate says what came of it (shapes: "When a requirement is met").
 */
export function judgeRequirement(of: RequirementCase): JudgedRequirement {
  const out = of.scope.applies(of.requirement)
  // Whether the image is there at all comes before which of its versions are signed.
  if (out !== undefined && (out.code !== 'requirement.not-yet' || of.situation.obstacle === undefined))
    return {
      findings: [decided(of, 'not-applicable', { ...out }), ...fill(of, [], 'not-applicable')],
      boundaries: [],
      met: [],
      applies: false,
    }
  const obstacle = of.situation.obstacle ?? trustObstacle(of)
  if (obstacle !== undefined) {
    const { outcome, ...rest } = obstacle
    return { findings: [decided(of, outcome, rest), ...fill(of, [], 'error')], boundaries: [], met: [], applies: true }
  }
  return judgeCandidates(of)
}

function trustObstacle({ requirement, trust }: RequirementCase): Obstacle | undefined {
  const { log, sct, time } = transparencyOf(requirement)
  if (trust.problem === undefined || (isKeys(requirement.signer) && log + sct + time === 0)) return undefined
  return { outcome: 'error', ...trust.problem } as Obstacle
}

function judgeCandidates(of: RequirementCase): JudgedRequirement {
  const { requirement, inputs, view, limits, situation } = of
  const subject = inputs.subject as Digest
  const own = collect(subject, view, limits)
  const parent = situation.parent ?? (requirement.candidate === 'attestation' ? situation.behind : undefined)
  const inherits = (of.policy.inherit ?? ['signature', 'attestation']).includes(requirement.candidate)
  const lent = inherits && parent !== undefined ? collect(parent, view, limits) : undefined
  const held: CandidateResult[] = []
  const findings: Finding[] = []
  const unreadable: Found[] = []
  for (const [collected, digest] of [
    [own, subject],
    [lent, parent],
  ] as const) {
    if (collected === undefined || digest === undefined) continue
    for (const found of collected.found) {
      if (!found.kinds.includes(requirement.candidate)) continue
      if (isCandidate(found.read) && !isMeant(requirement, found.read, limits.jsonDepth)) continue
      if (isCandidate(found.read))
        held.push(holdAgainst(requirement, of.pointer, found.read, found.evidence, matterOf(of, digest)))
      else if (collected === own || !held.some(({ candidate }) => candidate.id === found.read.id))
        unreadable.push(found)
    }
    for (const { code, found, evidence } of collected.notes)
      findings.push({ check: requirement.id, code, outcome: 'pass', basis: 'none', subject, found, evidence })
  }
  const results = eachOnce(held)
  for (const { read, evidence } of unreadable)
    findings.push(unreadableFinding(of, read as Exclude<typeof read, { content: unknown }>, evidence))
  for (const result of results) findings.push(...result.findings)
  const gaps = [own, lent]
    .flatMap((collected) => collected?.gaps ?? [])
    .filter(({ kinds }) => kinds.includes(requirement.candidate))
  const asides = [own, lent].flatMap((collected) => collected?.asides ?? [])
  findings.push(...[...gaps, ...asides].map((gap) => gapFinding(of, gap)))
  findings.push(...settle(of, results, unreadable, gaps, own))
  return {
    findings: [...findings, ...fill(of, findings, 'error')],
    boundaries: held.flatMap(({ boundaries }) => boundaries),
    met: results.filter(({ status }) => status === 'met'),
    applies: true,
  }
}

function matterOf({ inputs, scope, situation, trust, at, limits }: RequirementCase, digest: Digest): Matter {
  const { name, digests } = inputs.asked
  return {
    subject: inputs.subject,
    digests: { sha256: digest, ...(digest === inputs.subject && digests !== undefined && prefixed(digests)) },
    name,
    version: scope.version,
    isImage: situation.isImage,
    trust: trust.trust,
    at,
    limits,
  }
}

const prefixed = ({ sha384, sha512 }: { readonly sha384?: string; readonly sha512?: string }) => ({
  ...(sha384 !== undefined && { sha384 }),
  ...(sha512 !== undefined && { sha512 }),
})

/** Counts, and picks the reason that people are told: the candidate that came closest. */
function settle(
  of: RequirementCase,
  results: readonly CandidateResult[],
  unreadable: readonly Found[],
  gaps: readonly Gap[],
  own: Collected,
): readonly Finding[] {
  const { requirement } = of
  const threshold = requirement.threshold ?? 1
  const met = results.filter(({ status }) => status === 'met')
  const distinct = (list: readonly CandidateResult[]) =>
    threshold === 1 ? list.length : new Set(list.map(({ key }) => key)).size // T18
  const count = distinct(met)
  if (count >= threshold)
    return [
      decided(
        of,
        'pass',
        { code: 'requirement.met', ...(threshold > 1 && { expected: String(threshold), found: String(count) }) },
        evidenceOf(met),
      ),
      ...goodNotes(of, met, results.filter((result) => !isOtherStatement(result)).length + unreadable.length),
    ]
  const undecided =
    results.filter(({ status }) => status === 'undecided').length +
    unreadable.filter(({ read }) => 'outcome' in read && read.outcome === 'error').length
  const reachable = gaps.length > 0 || count + undecided >= threshold
  const closest = [...results]
    .filter((result) => result.status === (reachable ? 'undecided' : 'failed') && !isStranger(result))
    .sort(byCloseness)[0]
  if (reachable) {
    const open = closest?.reason
    const broken = unreadable.find(({ read }) => 'outcome' in read && read.outcome === 'error')?.read
    const gap = gaps[0]
    if (open !== undefined) return [decided(of, 'error', detailOf(open), evidenceOf([closest]))]
    if (broken !== undefined && 'code' in broken)
      return [
        decided(of, 'error', {
          code: broken.code,
          ...(broken.expected !== undefined && { expected: broken.expected }),
          ...(broken.found !== undefined && { found: broken.found }),
        }),
      ]
    if (gap !== undefined) return [decided(of, 'error', { code: gap.code, ...gapDetail(gap) })]
  }
  if (met.length > 0)
    return [
      decided(
        of,
        'fail',
        { code: 'signature.absent', expected: String(threshold), found: String(count) },
        evidenceOf(met),
      ),
    ]
  const lacking = unreadable.find(({ read }) => 'outcome' in read && read.outcome === 'fail')?.read
  if (closest?.reason !== undefined) return [decided(of, 'fail', detailOf(closest.reason), evidenceOf([closest]))]
  if (lacking !== undefined && 'code' in lacking)
    return [
      decided(of, 'fail', {
        code: lacking.code,
        ...(lacking.expected !== undefined && { expected: lacking.expected }),
      }),
    ]
  return [
    decided(of, 'fail', {
      code: absentCode(requirement),
      ...(own.asked > 0 && { found: `${own.asked} places asked` }),
    }),
  ]
}

/** The one that came furthest comes first; of those, the one that failed in least. */
const byCloseness = (a: CandidateResult, b: CandidateResult): number =>
  b.reach - a.reach || a.failures - b.failures || a.open - b.open || (a.candidate.id < b.candidate.id ? -1 : 1)
const absentCode = ({ candidate, provenance, signer, vsa }: Requirement): Finding['code'] =>
  candidate === 'signature'
    ? 'signature.absent'
    : vsa !== undefined
      ? 'vsa.absent'
      : provenance === undefined && !('builder' in signer)
        ? 'attestation.absent'
        : 'provenance.absent'
/** The reason in the words of the candidate's finding, and how it was known. */
const detailOf = ({ code, basis, expected, found, where }: Finding) => ({
  code,
  basis,
  ...(expected !== undefined && { expected }),
  ...(found !== undefined && { found }),
  ...(where !== undefined && { where }),
})
const evidenceOf = (results: readonly (CandidateResult | undefined)[]): readonly Digest[] =>
  [...new Set(results.flatMap((result) => result?.findings[0]?.evidence ?? []))].sort()

/** T95: good candidates that disagree; T36: others beside them. One suffices, and nobody is left to think it was alone. */
function goodNotes(of: RequirementCase, met: readonly CandidateResult[], total: number): readonly Finding[] {
  const notes: Finding[] = []
  const add = (code: Finding['code'], found: Json) =>
    notes.push({
      check: of.requirement.id,
      code,
      outcome: 'pass',
      basis: 'none',
      subject: of.inputs.subject,
      found,
      evidence: evidenceOf(met),
    })
  // T06: a new id under an old name, too.
  for (const by of ['commit', 'run', 'repositoryId', 'ownerId'] as const) {
    const values = [...new Set(met.flatMap(({ source }) => source[by] ?? []))].sort()
    if (values.length > 1) add('signature.contradicts', values.slice(0, 8).join(', '))
  }
  if (total > met.length) add('signature.extra', String(total - met.length))
  return notes
}

function unreadableFinding(
  of: RequirementCase,
  read: {
    readonly id: Digest
    readonly outcome: 'fail' | 'error'
    readonly code: Finding['code']
    readonly expected?: string
    readonly found?: string
  },
  evidence: readonly Digest[],
): Finding {
  const { outcome, code, expected, found } = read
  return {
    check: of.requirement.id,
    code,
    outcome,
    demand: `${of.pointer}/candidate`,
    basis: outcome === 'fail' ? 'measured' : 'none',
    subject: of.inputs.subject,
    candidate: read.id,
    ...(expected !== undefined && { expected }),
    ...(found !== undefined && { found }),
    evidence,
  }
}

const gapDetail = ({ question }: Gap): Pick<Finding, 'found' | 'where'> | object =>
  question === undefined
    ? {}
    : { found: placeOf(question), where: { in: 'question', question: question as unknown as Json } }

const placeOf = (question: NonNullable<Gap['question']>): string =>
  question.ask === 'tag'
    ? `${question.image}:${question.tag}`
    : question.ask === 'resolve' || question.ask === 'sightings'
      ? question.image
      : question.ask === 'given'
        ? question.kind
        : question.ask === 'log-entry'
          ? question.envelope
          : question.ask === 'referrers'
            ? `${question.image} (referrers of ${question.digest})`
            : `${question.image}@${question.digest}`

/** A look-up without answer is a note of its own; whether it mattered the requirement's finding says. */
const gapFinding = (of: RequirementCase, gap: Gap): Finding => ({
  check: of.requirement.id,
  code: gap.code,
  outcome: 'error',
  basis: 'none',
  subject: of.inputs.subject,
  ...gapDetail(gap),
  evidence: [],
})

function decided(
  of: RequirementCase,
  outcome: Finding['outcome'],
  detail: Partial<Finding> & Pick<Finding, 'code'>,
  evidence: readonly Digest[] = [],
): Finding {
  return {
    check: of.requirement.id,
    outcome,
    demand: of.pointer,
    basis: outcome === 'pass' ? 'cryptographic' : outcome === 'fail' ? 'measured' : 'none',
    subject: of.inputs.subject,
    evidence,
    ...detail,
  }
}

/** Rule 2: every demand has a finding, also where no candidate came as far as to be held against it. */
function fill(
  of: RequirementCase,
  findings: readonly Finding[],
  outcome: 'error' | 'not-applicable',
): readonly Finding[] {
  const seen = new Set(findings.map(({ demand }) => demand))
  return demandsOf(of.requirement, of.pointer)
    .filter((pointer) => !seen.has(pointer))
    .map((demand) => ({
      check: of.requirement.id,
      code: 'demand.not-evaluated' as const,
      outcome,
      demand,
      basis: 'none' as const,
      subject: of.inputs.subject,
      evidence: [],
    }))
}
