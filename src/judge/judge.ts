import type { Digest } from '../core/digest.ts'
import type { Finding } from '../core/finding.ts'
import { sortFindings } from '../core/finding.ts'
import { type Json, parseJson, wellFormed } from '../core/json.ts'
import type { Limits } from '../core/limits.ts'
import type { Observation } from '../core/observation.ts'
import type { Policy } from '../core/policy.ts'
import { type Inputs, sealInputs, type Verdict } from '../core/verdict.ts'
import { decide } from '../policy/decide.ts'
import { policyOf } from '../policy/read.ts'
import { type BytesOf, EvidenceView } from './evidence-view.ts'
import { holdsAround } from './holds.ts'
import { installedFindings } from './installed.ts'
import { note } from './note.ts'
import { type JudgedRequirement, judgeRequirement } from './requirement.ts'
import { sameBuildFindings } from './same-build.ts'
import { sightingFindings } from './sightings.ts'
import { scopeOf, situationOf } from './situation.ts'
import { trustFor } from './trust-for.ts'

/**
 * A verdict is a pure function: same inputs, any `at` inside `holds`, same bytes. Everything it reads is named in `inputs`
 * by digest and loaded through `bytes` before it is called; it has no clock, no network and no chance.
 */
export function judge(inputs: Inputs, bytes: BytesOf, at: number, limits: Limits): Verdict {
  const policyBytes = bytes(inputs.policy)
  const policy = policyBytes === undefined ? undefined : policyOf(inputs.policy, policyBytes)
  if (policy === undefined) throw new Error(`no policy ${inputs.policy}`)
  const view = viewOf(inputs.evidence, bytes)
  const trust = trustFor(inputs, policy, bytes, at, limits)
  const findings: Finding[] = []
  const boundaries: number[] = [...trust.boundaries]
  const situation = situationOf(inputs, view, limits)
  const scope = scopeOf(inputs, policy)
  const byId = new Map<string, JudgedRequirement>()
  for (const [i, requirement] of policy.requirements.entries()) {
    const judged = judgeRequirement({
      requirement,
      pointer: `/requirements/${i}`,
      policy,
      inputs,
      view,
      trust,
      situation,
      scope,
      at,
      limits,
    })
    byId.set(requirement.id, judged)
    findings.push(...judged.findings)
    boundaries.push(...judged.boundaries)
  }
  findings.push(
    ...sameBuildFindings(policy, byId, inputs),
    ...installedFindings(policy, inputs, view, limits),
    ...situation.notes(inputs),
    ...sightingFindings(inputs, view, limits),
    ...nothingApplies(policy, inputs, findings),
    ...policyNotes(policy, inputs, findings),
    ...trust.notes(inputs),
  )
  const sorted = sortFindings(findings.map(readable))
  return {
    schema: 'urn:meshproof:verdict:v1',
    inputs: sealInputs(inputs).digest,
    subject: inputs.subject,
    outcome: decide(sorted),
    holds: holdsAround(at, boundaries),
    findings: sorted,
  }
}

/** T36: a finding may quote a stranger, and has a canonical form all the same. */
const readable = (finding: Finding): Finding => wellFormed(finding as unknown as Json) as unknown as Finding

/** The evidence set is a document of ours; one that does not read is a bug of whoever stored it. */
function viewOf(evidence: Digest, bytes: BytesOf): EvidenceView {
  const document = bytes(evidence)
  const parsed = document === undefined ? undefined : parseJson(document, 64)
  if (parsed === undefined || 'problem' in parsed) throw new Error(`no evidence set ${evidence}`)
  return new EvidenceView((parsed.value as { observations: readonly Observation[] }).observations, bytes)
}

/** Why a verdict without any demand proves nothing: the policy does not speak of this image, or not of its version. */
function nothingApplies(policy: Policy, inputs: Inputs, findings: readonly Finding[]): readonly Finding[] {
  const asked = findings.filter(({ candidate, demand }) => candidate === undefined && demand !== undefined)
  if (asked.some(({ outcome }) => outcome !== 'not-applicable')) return []
  const { name, version } = inputs.asked
  const image = policy.images?.find((one) => one.name === name)
  const spokenOf = policy.images === undefined || name === undefined || (image !== undefined && image.signed !== 'no')
  const reason: Pick<Finding, 'code' | 'found'> = spokenOf
    ? { code: 'policy.nothing-applies', found: version ?? '' }
    : { code: 'policy.out-of-scope', found: name }
  return [note(inputs, { check: 'policy', outcome: 'error', ...reason })]
}

/** What the policy says of itself on every surface; never a change of verdict. */
function policyNotes(policy: Policy, inputs: Inputs, findings: readonly Finding[]): readonly Finding[] {
  const notes: Finding[] = []
  if (policy.confirmed === 'unconfirmed')
    notes.push(note(inputs, { check: 'policy', code: 'policy.unconfirmed', found: policy.name }))
  const image = policy.images?.find(({ name }) => name === inputs.asked.name)
  if (image?.note === 'policy.as-documented')
    notes.push(
      note(inputs, {
        check: 'policy',
        code: 'policy.as-documented',
        found: 'other branches, tags and workflows whose names begin alike',
      }),
    )
  const absent = findings.some(
    ({ code, demand, candidate }) => candidate === undefined && demand !== undefined && code === 'signature.absent',
  )
  if (image?.twinOf !== undefined && absent)
    notes.push(note(inputs, { check: 'policy', code: 'policy.twin-not-promised', found: image.twinOf as Json }))
  return notes
}
