import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Basis, Finding, FindingOutcome } from '../../src/core/finding.ts'
import { decide } from '../../src/policy/decide.ts'

const finding = (changes: Partial<Finding>): Finding => ({
  check: 'A',
  code: 'demand.met',
  outcome: 'pass',
  basis: 'cryptographic',
  subject: `sha256:${'0'.repeat(64)}` as Finding['subject'],
  demand: '/requirements/0',
  evidence: [],
  ...changes,
})
const digest = `sha256:${'1'.repeat(64)}` as NonNullable<Finding['candidate']>

test.each([
  ['nothing at all', [], 'inconclusive'],
  ['one that passed', [{}], 'trusted'],
  ['one that was measured', [{ basis: 'measured' }], 'trusted'],
  ['only said of itself', [{ basis: 'reported' }], 'inconclusive'],
  ['only set somewhere', [{ basis: 'configured' }], 'inconclusive'],
  ['nobody knows how', [{ basis: 'none' }], 'inconclusive'],
  ['nothing applied', [{ outcome: 'not-applicable' }], 'inconclusive'],
  ['one applied and passed', [{ outcome: 'not-applicable' }, {}], 'trusted'],
  ['one could not be told', [{}, { outcome: 'error' }], 'inconclusive'],
  ['one failed', [{}, { outcome: 'error' }, { outcome: 'fail' }], 'rejected'],
  ['builds that differ', [{}, { demand: '/sameBuild/0', outcome: 'fail' }], 'rejected'],
  ['a failing candidate beside', [{}, { candidate: digest, outcome: 'fail' }], 'trusted'],
  ['a passing candidate alone', [{ candidate: digest }], 'inconclusive'],
  ['a failing part of a demand', [{}, { demand: '/requirements/0/signer', outcome: 'fail' }], 'trusted'],
  ['only a part that passed', [{ demand: '/requirements/0/signer' }], 'inconclusive'],
] satisfies [string, Partial<Finding>[], string][])('%s', (_, parts, verdict) => {
  expect(decide(parts.map(finding))).toBe(verdict)
})

test.each(['fail', 'error', 'pass'] satisfies FindingOutcome[])('a note never moves a verdict: %s', (outcome) => {
  const { demand: _, ...note } = finding({ outcome })
  expect(decide([note])).toBe('inconclusive')
  expect(decide([finding({}), note])).toBe('trusted')
})

test('T04 trusted means that something was shown; the order of findings is nothing', () => {
  const any = fc.record({
    outcome: fc.constantFrom<FindingOutcome>('pass', 'fail', 'error', 'not-applicable'),
    basis: fc.constantFrom<Basis>('cryptographic', 'measured', 'reported', 'configured', 'none'),
    demand: fc.constantFrom('/requirements/0', '/requirements/10', '/sameBuild/0', '/requirements/0/signer', '/other'),
  })
  fc.assert(
    fc.property(fc.array(any, { maxLength: 6 }), (parts) => {
      const findings = parts.map(finding)
      const verdict = decide(findings)
      expect(decide(findings.toReversed())).toBe(verdict)
      if (verdict !== 'trusted') return
      expect(parts.some(({ outcome, basis }) => outcome === 'pass' && /^(crypt|meas)/.test(basis))).toBe(true)
      expect(decide([...findings, finding({ outcome: 'fail' })])).toBe('rejected')
      expect(decide([...findings, finding({ outcome: 'error' })])).toBe('inconclusive')
    }),
  )
})
