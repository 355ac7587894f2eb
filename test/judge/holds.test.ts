/** For which span of time a verdict holds: every rule that reads the moment of judging narrows it. */
import { describe, expect, test } from 'vitest'
import type { SubjectAnswer } from '../../src/core/request.ts'
import { holdsAround } from '../../src/judge/holds.ts'
import { type Case, codes, decisive, judged, policyFor } from '../attacks/harness.ts'
import { createAuthority } from '../authority/authority.ts'
import { rfc3339 } from '../authority/time.ts'

describe('the span between the nearest boundaries', () => {
  const iso = (ms: number) => new Date(ms).toISOString()
  test.each([
    [[], null, null],
    [[100], iso(100), null],
    [[101], null, iso(100)],
    [[90, 100, 101, 110], iso(100), iso(100)],
    [[10, 90, 200, 300], iso(90), iso(199)],
    [[200, 10, 300, 90], iso(90), iso(199)],
  ])('%j', (boundaries, from, until) => {
    expect(holdsAround(100, boundaries)).toEqual({ from, until })
  })
})

/** The same answer at every moment of its span, another just outside of it. */
async function expectSpan(of: Case, span: SubjectAnswer['holds']): Promise<void> {
  const first = await judged(of)
  expect(first.holds).toEqual(span)
  const bytes = (answer: SubjectAnswer) => [answer.verdictId, answer.findings]
  for (const moment of [span.from, span.until])
    if (moment !== null) expect(bytes(await judged({ ...of, at: moment }))).toEqual(bytes(first))
  const outside = [
    span.from === null ? undefined : Date.parse(span.from) - 1,
    span.until === null ? undefined : Date.parse(span.until) + 1,
  ]
  for (const moment of outside)
    if (moment !== undefined) {
      const other = await judged({ ...of, at: new Date(moment).toISOString() })
      expect(other.findings).not.toEqual(first.findings)
    }
}

const second = 1000
const signed = Date.parse('2026-01-15T12:00:00Z')
const iso = (ms: number) => new Date(ms).toISOString() as NonNullable<SubjectAnswer['holds']['from']>

describe('a signed time', () => {
  test('from five minutes before the newest signed time on, for ever', async () => {
    const authority = createAuthority()
    const evidence = authority.sign({})
    await expectSpan(
      { evidence, root: authority.trustedRoot() },
      { from: iso(signed + second - 5 * 60 * second), until: null },
    )
  })

  test('own keys without log read no clock', async () => {
    const authority = createAuthority()
    const { key } = authority.issueCertificate()
    const policy = policyFor({}, { signer: { keys: [{ key: { base64: Buffer.from(key.pem).toString('base64') } }] } })
    const [requirement] = (policy as { requirements: readonly object[] }).requirements
    const open = { ...policy, requirements: [{ ...requirement, transparency: { log: 0 } }] }
    const evidence = authority.sign({ signer: key, log: 'none', timestamp: false })
    const answer = await judged({ evidence, policy: open })
    expect([answer.outcome, answer.holds]).toEqual(['trusted', { from: null, until: null }])
  })
})

describe('a certificate that is held against the moment of judging, since no time is demanded', () => {
  const policy = policyFor({}, { transparency: { log: 0, time: 0 } })
  const bare = { log: 'none', timestamp: false } as const

  test('holds while the certificate lives', async () => {
    const authority = createAuthority()
    const of = { evidence: authority.sign(bare), root: authority.trustedRoot(), policy, at: iso(signed + second) }
    await expectSpan(of, { from: iso(signed), until: iso(signed + 600 * second) })
    const later = await judged({ ...of, at: iso(signed + 601 * second) })
    expect([later.outcome, decisive(later).code]).toEqual(['rejected', 'certificate.untrusted'])
    expect(codes(later, '/requirements/0/transparency/time')).not.toContain('fail time.absent')
  })

  test('and no longer than the authorities above it', async () => {
    const ends = iso(signed + 300 * second)
    const authority = createAuthority({ ca: { notAfter: ends } })
    const of = { evidence: authority.sign(bare), root: authority.trustedRoot(), policy, at: iso(signed + second) }
    await expectSpan(of, { from: iso(signed), until: ends })
  })

  test('and no longer than the trusted root lets them issue', async () => {
    const authority = createAuthority()
    const window = { start: rfc3339(iso(signed + 60 * second)), end: rfc3339(iso(signed + 120 * second)) }
    const root = authority.trustedRoot({ ca: window })
    const of = { evidence: authority.sign(bare), root, policy, at: iso(signed + 90 * second) }
    await expectSpan(of, { from: iso(signed + 60 * second), until: iso(signed + 120 * second) })
  })
})
