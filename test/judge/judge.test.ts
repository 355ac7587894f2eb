/** What holds for every policy and every evidence. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Digest } from '../../src/core/digest.ts'
import type { Finding } from '../../src/core/finding.ts'
import { sealEvidence } from '../../src/core/observation.ts'
import { sealVerdict, type Verdict, type VerdictOutcome } from '../../src/core/verdict.ts'
import { demandsOf } from '../../src/policy/demands-of.ts'
import { policies } from './policies.ts'
import { artifacts, at, evidence, judged } from './world.ts'

const numRuns = Number(process.env['MESHPROOF_FUZZ_RUNS'] ?? 60)
const subjects = fc.constantFrom(...artifacts.map(({ digest }) => digest as Digest))
const cases = fc.record({ policy: policies, evidence, subject: subjects })
const hour = 3_600_000

const deciding = ({ findings }: Verdict): readonly Finding[] =>
  findings.filter(
    ({ candidate, demand }) => candidate === undefined && /^\/(requirements|sameBuild)\/\d+$/.test(demand ?? ''),
  )

test('T03 every demand of every policy has a finding, for every subject', () => {
  fc.assert(
    fc.property(cases, (of) => {
      const { findings } = judged(of)
      const said = new Set(findings.map(({ demand }) => demand))
      const { requirements, sameBuild = [] } = of.policy.policy
      const demanded = [
        ...requirements.flatMap((one, i) => [`/requirements/${i}`, ...demandsOf(one, `/requirements/${i}`)]),
        ...sameBuild.map((_, i) => `/sameBuild/${i}`),
      ]
      expect(demanded.filter((demand) => !said.has(demand))).toEqual([])
      // And none is said that nobody asked: a pointer leads into the policy.
      for (const demand of said) if (demand !== undefined) expect(demand).toMatch(/^\/(requirements|sameBuild)\/\d+/)
    }),
    { numRuns },
  )
})

test('T04 no verdict is trusted without something that was shown', () => {
  const seen = new Map<VerdictOutcome, number>()
  fc.assert(
    fc.property(cases, (of) => {
      const verdict = judged(of)
      seen.set(verdict.outcome, (seen.get(verdict.outcome) ?? 0) + 1)
      const decided = deciding(verdict)
      const failed = decided.some(({ outcome }) => outcome === 'fail')
      const open = decided.some(({ outcome }) => outcome === 'error')
      const shown = decided.some(
        ({ outcome, basis }) => outcome === 'pass' && (basis === 'cryptographic' || basis === 'measured'),
      )
      const right = failed ? 'rejected' : open || !shown ? 'inconclusive' : 'trusted'
      expect(verdict.outcome).toBe(right)
      // A requirement that passed names candidates each demand of which passed.
      for (const { demand, outcome, evidence: named } of decided)
        if (outcome === 'pass' && demand?.startsWith('/requirements/') === true) {
          const byCandidate = Map.groupBy(
            verdict.findings.filter((one) => one.candidate !== undefined && one.demand?.startsWith(`${demand}/`)),
            ({ candidate }) => candidate,
          )
          const whole = [...byCandidate.values()].filter((list) => list.every((one) => one.outcome === 'pass'))
          expect(whole.length).toBeGreaterThan(0)
          expect(named.length).toBeGreaterThan(0)
        }
    }),
    { numRuns: numRuns * 3 },
  )
  // The worlds are no desert: all three verdicts were seen.
  expect([...seen.keys()].sort()).toEqual(['inconclusive', 'rejected', 'trusted'])
})

test('the order in which evidence came changes no byte', () => {
  fc.assert(
    fc.property(cases, fc.infiniteStream(fc.double({ noNaN: true, min: 0, max: 1 })), (of, chance) => {
      const shuffled = of.evidence
        .map((one) => ({ one, key: chance.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ one }) => one)
      expect(sealEvidence(shuffled).digest).toBe(sealEvidence(of.evidence).digest)
      expect(sealVerdict(judged({ ...of, evidence: shuffled })).digest).toBe(sealVerdict(judged(of)).digest)
      expect(sealVerdict(judged({ ...of, evidence: [...of.evidence, ...shuffled] })).digest).toBe(
        sealVerdict(judged(of)).digest,
      )
    }),
    { numRuns: Math.ceil(numRuns / 2) },
  )
})

test('same inputs, any moment within what it holds for, same bytes', () => {
  const moments = fc.integer({ min: at - 48 * hour, max: at + 24 * 365 * 12 * hour })
  fc.assert(
    fc.property(cases, moments, fc.double({ min: 0, max: 1, noNaN: true }), (of, moment, share) => {
      const verdict = judged({ ...of, at: moment })
      const from = verdict.holds.from === null ? moment - 9_000 * hour : Date.parse(verdict.holds.from)
      const until = verdict.holds.until === null ? moment + 9_000 * hour : Date.parse(verdict.holds.until)
      expect(from).toBeLessThanOrEqual(moment)
      expect(until).toBeGreaterThanOrEqual(moment)
      const { digest } = sealVerdict(verdict)
      for (const other of [from, until, Math.floor(from + (until - from) * share)])
        expect(sealVerdict(judged({ ...of, at: other })).digest).toBe(digest)
    }),
    { numRuns },
  )
})

test('findings are sorted, unique, and about the subject', () => {
  fc.assert(
    fc.property(cases, (of) => {
      const { findings, subject } = judged(of)
      for (const finding of findings) expect(finding.subject).toBe(subject)
      const keys = findings.map(({ check, candidate, code, demand }) =>
        [check, candidate ?? '', code, demand ?? ''].join('\u0000'),
      )
      expect(keys).toEqual([...keys].sort())
      expect(new Set(findings.map((one) => JSON.stringify(one))).size).toBe(findings.length)
    }),
    { numRuns: Math.ceil(numRuns / 2) },
  )
})

test('T37 smaller limits turn no verdict into trusted, and no open one into rejected', () => {
  const small = fc.record({ candidates: fc.integer({ min: 1, max: 3 }), layers: fc.integer({ min: 1, max: 3 }) })
  fc.assert(
    fc.property(cases, small, (of, bounds) => {
      const [all, some] = [judged(of).outcome, judged({ ...of, limits: bounds }).outcome]
      if (some === 'trusted') expect(all).toBe('trusted')
      if (some === 'rejected') expect(all).toBe('rejected')
    }),
    { numRuns },
  )
})
