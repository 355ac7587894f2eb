/** A verdict as summary and result: the least over all subjects, what all of them have, nothing of what failed. */
import { expect, test } from 'vitest'
import type { Digest } from '../../../src/core/digest.ts'
import type { Finding } from '../../../src/core/finding.ts'
import type { Policy } from '../../../src/core/policy.ts'
import type { Reference } from '../../../src/core/reference.ts'
import type { SubjectAnswer, VerdictAnswer } from '../../../src/core/request.ts'
import type { VerdictOutcome } from '../../../src/core/verdict.ts'
import { makeInputs } from '../../../src/core/verdict.ts'
import { type Issued, issue } from '../../../src/report/model/summary.ts'
import { verificationSummary } from '../../../src/verify/summary/vsa.ts'
import { digest } from '../answers.ts'

const generator =
  'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml'
const policy: Policy = {
  schema: 'urn:meshproof:policy:v1',
  name: 'two words',
  requirements: [{ id: 'SC-10', candidate: 'attestation', signer: { builder: 'trusted' }, provenance: {} }],
}

/** Findings of one candidate, whose builder is this; met unless something of it was not. */
function found(subject: Digest, builder: string, more: Partial<Finding> = {}): readonly Finding[] {
  const shared = { check: 'SC-10', basis: 'cryptographic', subject, evidence: [digest('e')] } as const
  const candidate = digest('c')
  return [
    { ...shared, code: 'requirement.met', outcome: 'pass', demand: '/requirements/0' },
    {
      ...shared,
      code: 'provenance.builder-met',
      outcome: 'pass',
      demand: '/requirements/0/signer/builder',
      candidate,
      found: builder,
    },
    {
      ...shared,
      code: 'provenance.source-met',
      outcome: 'pass',
      demand: '/requirements/0/provenance/source/uri',
      candidate,
      found: 'https://github.com/Kong/kong-mesh',
      ...more,
    },
    // Another candidate, better by its own words and refused: it lends nothing (T61).
    {
      ...shared,
      code: 'provenance.builder-met',
      outcome: 'pass',
      demand: '/requirements/0/signer/builder',
      candidate: digest('d'),
      found: `${generator}@refs/tags/v9.9.9`,
    },
    {
      ...shared,
      code: 'provenance.source',
      outcome: 'fail',
      demand: '/requirements/0/provenance/source/uri',
      candidate: digest('d'),
      expected: 'Kong',
      found: 'https://github.com/Evil/kong-mesh',
      evidence: [digest('f')],
    },
  ]
}

const subjectOf = (
  subject: SubjectAnswer['subject'],
  findings: readonly Finding[],
  role: SubjectAnswer['role'],
): SubjectAnswer => ({
  subject,
  role,
  verdictId: digest('9'),
  outcome: 'trusted',
  holds: { from: null, until: null },
  inputs: makeInputs({
    subject,
    asked: { as: 'docker.io/kong/kuma-cp:2.14.3', name: 'docker.io/kong/kuma-cp', root: digest('a') },
    evidence: digest('1'),
    trust: null,
    policy: digest('2'),
    waivers: digest('3'),
  }),
  findings,
  beside: { policy: { name: policy.name }, asked: [], unread: [] },
})
const answerOf = (subjects: readonly SubjectAnswer[], verdict: VerdictOutcome = 'trusted'): VerdictAnswer => ({
  schema: 'urn:meshproof:answer:v1',
  verdict,
  at: '2026-01-15T13:00:00.000Z',
  subjects,
  versions: { meshproof: '0.1.0' },
})
const [root, member] = [digest('a'), digest('b')]
const known = `${generator}@refs/tags/v2.1.0`
const image = (first: string, second = first, more: Partial<Finding> = {}) =>
  answerOf([subjectOf(root, found(root, first), 'root'), subjectOf(member, found(member, second, more), 'member')])
const issuer = { verifier: 'https://our.example/v1', resource: undefined }
function issued(answer: VerdictAnswer): Issued {
  const made = issue(answer, policy, issuer)
  if ('nothing' in made) throw new Error(made.nothing)
  return made
}

test('a level and properties that all subjects have', () => {
  const { vsa, svr } = issued(image(known))
  expect(vsa.predicate.verifiedLevels).toEqual(['SLSA_BUILD_LEVEL_3'])
  expect(vsa.predicate.resourceUri).toBe(`oci://docker.io/kong/kuma-cp@${root}`)
  expect(vsa.predicate.policy.uri).toBe('urn:meshproof:policy:two%20words')
  expect(vsa.predicate.inputAttestations).toEqual([{ digest: { sha256: 'e'.repeat(64) } }])
  expect(verificationSummary.parse(vsa.predicate)).toEqual(vsa.predicate)
  expect(svr?.predicate.properties).toEqual([
    'SLSA_BUILD_LEVEL_3',
    `MESHPROOF_BUILDER:${known}`,
    'MESHPROOF_CHECK:SC-10',
    'MESHPROOF_SOURCE:https://github.com/Kong/kong-mesh',
  ])
})

test('T61 the least over the subjects: one built elsewhere, and none is claimed of any', () => {
  const elsewhere = 'https://github.com/Kong/kong-mesh/.github/workflows/own.yaml@refs/tags/v1.0.0'
  const { vsa, svr } = issued(image(known, elsewhere))
  expect(vsa.predicate.verifiedLevels).toEqual(['SLSA_BUILD_LEVEL_UNEVALUATED'])
  expect(svr?.predicate.properties).toEqual([
    'MESHPROOF_CHECK:SC-10',
    'MESHPROOF_SOURCE:https://github.com/Kong/kong-mesh',
  ])
})

test.each([`${generator}@refs/heads/main`, `${generator}@v2.1.0`, generator, `${generator}x@refs/tags/v2.1.0`])(
  'T61 no release of a builder of the table, no level: %s',
  (builder) => {
    expect(issued(image(builder)).vsa.predicate.verifiedLevels).toEqual(['SLSA_BUILD_LEVEL_UNEVALUATED'])
  },
)

test('T61 a candidate that did not meet all of it lends neither level nor property', () => {
  const { vsa, svr } = issued(image(known, known, { outcome: 'error', code: 'provenance.not-evaluated' }))
  expect(vsa.predicate.verifiedLevels).toEqual(['SLSA_BUILD_LEVEL_UNEVALUATED'])
  expect(svr?.predicate.properties).toEqual(['MESHPROOF_CHECK:SC-10'])
})

test('rejected: FAILED alone, without a word of what was found; inconclusive or without a digest: nothing', () => {
  const { subjects } = image(known)
  const { vsa, svr } = issued(answerOf(subjects, 'rejected'))
  expect([vsa.predicate.verificationResult, vsa.predicate.verifiedLevels]).toEqual(['FAILED', ['FAILED']])
  expect([svr, JSON.stringify(vsa).includes('Evil')]).toEqual([undefined, false])
  expect(issue(answerOf(subjects, 'inconclusive'), policy, issuer)).toEqual({ nothing: 'inconclusive' })
  const unresolved = subjectOf({ unresolved: 'docker.io/kong/x:1' as Reference }, [], 'root')
  expect(issue(answerOf([...subjects, unresolved], 'rejected'), policy, issuer)).toEqual({ nothing: 'without-digest' })
  expect(issue(answerOf([], 'rejected'), policy, issuer)).toEqual({ nothing: 'without-digest' })
})
