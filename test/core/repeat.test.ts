/** When an answer may be given again: each part is changed alone, beside a twin in which nothing is. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Digest } from '../../src/core/digest.ts'
import { decodeUtf8 } from '../../src/core/json.ts'
import { limits } from '../../src/core/limits.ts'
import { likenessKey, type Precedent, repeatable, type Standing } from '../../src/core/repeat.ts'
import type { SubjectAnswer, VerdictAnswer } from '../../src/core/request.ts'
import { formatTime } from '../../src/core/time.ts'
import { noWaivers, sealInputs, sealVerdict, worst } from '../../src/core/verdict.ts'
import { finishedExample } from '../store/finished.ts'

const now = Date.parse('2026-01-15T14:00:00.000Z')
const other = `sha256:${'1'.repeat(64)}` as Digest
type Change = (subject: SubjectAnswer) => Partial<SubjectAnswer>

let answer: VerdictAnswer
let trusted: readonly SubjectAnswer[]
let standing: Standing
beforeAll(async () => {
  const { result } = await finishedExample()
  answer = (JSON.parse(decodeUtf8(result) ?? '') as { answer: VerdictAnswer }).answer
  trusted = answer.subjects.filter(({ outcome }) => outcome === 'trusted')
  const [first] = trusted
  if (first === undefined) throw new Error('nothing trusted')
  standing = { policy: first.inputs.policy, trust: first.inputs.trust }
})

/** As it would stand there if that had been judged: every id is that of what it names. */
function judged(subject: SubjectAnswer, change: Change = () => ({})): SubjectAnswer {
  const changed = { ...subject, ...change(subject) }
  const { outcome, holds, findings, inputs } = changed
  const verdict = {
    schema: 'urn:meshproof:verdict:v1' as const,
    inputs: sealInputs(inputs).digest,
    subject: changed.subject,
    outcome,
    holds,
    findings,
  }
  return { ...changed, verdictId: sealVerdict(verdict).digest }
}

const observed = (ageMs: number, more: Partial<Precedent['observed']> = {}): Precedent['observed'] => ({
  count: 5,
  oldest: now - ageMs,
  newest: now - ageMs,
  absent: false,
  failed: false,
  ...more,
})

function precedent(subjects: readonly SubjectAnswer[], seen = observed(1_000)): Precedent {
  const shown = { ...answer, subjects, verdict: worst(subjects.map(({ outcome }) => outcome)) }
  const result = Buffer.from(JSON.stringify({ answer: shown }))
  return { verdicts: subjects.map(({ verdictId }) => verdictId), result, observed: seen }
}

/** The first subject otherwise, the others as they were. */
const withFirst = (change: Change): readonly SubjectAnswer[] =>
  trusted.map((subject, i) => (i === 0 ? judged(subject, change) : subject))
const may = (one: Precedent, standingNow = standing, at = now) => repeatable(one, standingNow, at, limits) !== undefined

test('T73: the unchanged twin is given again, with all that it stands on by digest', () => {
  const again = repeatable(precedent(trusted), standing, now, limits)
  expect(again?.outcome).toBe('trusted')
  for (const { verdictId, inputs } of trusted)
    for (const digest of [verdictId, sealInputs(inputs).digest, inputs.evidence, inputs.policy, noWaivers.digest])
      expect(again?.standsOn.has(digest)).toBe(true)
  expect(again?.standsOn.has(standing.trust ?? other)).toBe(true)
  expect(may(precedent(withFirst(() => ({}))))).toBe(true)
})

describe('T73: what would be an input of the verdict now is another', () => {
  test.for<[string, () => Standing]>([
    ['policy', () => ({ ...standing, policy: other })],
    ['trust', () => ({ ...standing, trust: other })],
    ['no trust at all', () => ({ ...standing, trust: null })],
    ['age of the trust', () => ({ ...standing, trustAsOf: formatTime(now) })],
  ])('%s', ([, standingNow]) => {
    expect(may(precedent(trusted), standingNow())).toBe(false)
  })

  test.for<[string, Change]>([
    ['rules', ({ inputs }) => ({ inputs: { ...inputs, rules: inputs.rules + 1 } })],
    ['waivers', ({ inputs }) => ({ inputs: { ...inputs, waivers: other } })],
    ['policy', ({ inputs }) => ({ inputs: { ...inputs, policy: other } })],
    ['trust', ({ inputs }) => ({ inputs: { ...inputs, trust: other } })],
  ])('judged by other %s', ([, change]) => {
    expect(may(precedent(withFirst(change)))).toBe(false)
  })
})

describe('T73: holds', () => {
  const holding = (from: number | null, until: number | null) =>
    precedent(
      withFirst(() => ({
        holds: { from: from === null ? null : formatTime(from), until: until === null ? null : formatTime(until) },
      })),
    )
  test('now lies before or after the span of a single verdict', () => {
    expect(may(holding(now - 1, now + 1))).toBe(true)
    expect(may(holding(null, now))).toBe(true)
    expect(may(holding(now, null))).toBe(true)
    expect(may(holding(now + 1, null))).toBe(false)
    expect(may(holding(null, now - 1))).toBe(false)
  })

  test('what says when it is to be judged holds at that time, whatever the time is now', () => {
    expect(may(holding(null, now - 1), { ...standing, at: now - 10 })).toBe(true)
    expect(may(holding(null, now + 1), { ...standing, at: now + 10 })).toBe(false)
  })
})

describe('T73: age of the evidence', () => {
  test('found: as long as a look-up is remembered', () => {
    expect(may(precedent(trusted, observed(limits.rememberFoundMs)))).toBe(true)
    expect(may(precedent(trusted, observed(limits.rememberFoundMs + 1)))).toBe(false)
  })

  test('one observation that is older is enough', () => {
    const oldest = now - limits.rememberFoundMs - 1
    expect(may(precedent(trusted, observed(1_000, { oldest })))).toBe(false)
  })

  test('something was absent: a minute', () => {
    expect(may(precedent(trusted, observed(limits.rememberAbsentMs, { absent: true })))).toBe(true)
    expect(may(precedent(trusted, observed(limits.rememberAbsentMs + 1, { absent: true })))).toBe(false)
    expect(limits.rememberAbsentMs).toBe(60_000)
  })

  test('rejected: a minute', () => {
    const rejected = answer.subjects
    expect(worst(rejected.map(({ outcome }) => outcome))).toBe('rejected')
    expect(repeatable(precedent(rejected), standing, now, limits)?.outcome).toBe('rejected')
    expect(may(precedent(rejected, observed(limits.rememberAbsentMs + 1)))).toBe(false)
  })

  test('the policy rechecks sooner, and never later', () => {
    const rechecking = (recheckMs: number) => ({ ...standing, recheckMs })
    expect(may(precedent(trusted, observed(5_000)), rechecking(5_000))).toBe(true)
    expect(may(precedent(trusted, observed(5_001)), rechecking(5_000))).toBe(false)
    expect(may(precedent(trusted, observed(limits.rememberFoundMs + 1)), rechecking(1e9))).toBe(false)
  })

  test('of the future, or none at all: not told', () => {
    expect(may(precedent(trusted, observed(-1)))).toBe(false)
    expect(may(precedent(trusted, observed(0, { count: 0 })))).toBe(false)
  })
})

describe('T73: what we could not tell', () => {
  test('inconclusive', () => {
    expect(may(precedent(withFirst(() => ({ outcome: 'inconclusive' }))))).toBe(false)
  })

  test('a look-up failed', () => {
    expect(may(precedent(trusted, observed(1_000, { failed: true })))).toBe(false)
  })

  test('an error that moved a verdict, though another subject was rejected; a note of one is none', () => {
    const error = (more: object): Change => {
      return ({ findings: [first, ...rest] }) => ({
        outcome: 'rejected',
        findings: first === undefined ? [] : [{ ...first, outcome: 'error', ...more }, ...rest],
      })
    }
    expect(may(precedent(withFirst(error({ demand: '/requirements/0', candidate: undefined }))))).toBe(false)
    expect(may(precedent(withFirst(error({ demand: '/requirements/0', candidate: other }))))).toBe(true)
    expect(may(precedent(withFirst(error({ demand: undefined, candidate: undefined }))))).toBe(true)
  })
})

describe('T73: an answer that is not that of its verdicts', () => {
  const [first, rest] = [() => trusted[0], () => trusted.slice(1)]
  test.for<[string, Partial<SubjectAnswer>]>([
    ['an outcome', { outcome: 'rejected' }],
    ['a finding left out', { findings: [] }],
    ['a span', { holds: { from: null, until: null } }],
    ['a subject', { subject: other }],
  ])('%s was changed', ([, changed]) => {
    const one = first()
    if (one === undefined) throw new Error('nothing trusted')
    expect(may(precedent([one, ...rest()]))).toBe(true)
    expect(may(precedent([{ ...one, ...changed }, ...rest()]))).toBe(false)
  })

  test('the verdict of all was changed, one is missing, or there is nothing to read', () => {
    const good = precedent(trusted)
    const text = decodeUtf8(good.result) ?? ''
    const edited = text.replace('"verdict":"trusted"', '"verdict":"rejected"')
    expect(edited).not.toBe(text)
    expect(may({ ...good, result: Buffer.from(edited) })).toBe(false)
    expect(may({ ...good, verdicts: good.verdicts.slice(1) })).toBe(false)
    expect(may({ ...good, verdicts: good.verdicts.toReversed() })).toBe(false)
    for (const result of ['', '{', 'null', '{"answer":{"subjects":[null,null]}}'])
      expect(may({ ...good, result: Buffer.from(result) }), result).toBe(false)
  })
})

test('T73: the key is that of everything that is asked', () => {
  const asked = { subject: { image: 'a' }, offline: false }
  expect(likenessKey({ offline: false, subject: { image: 'a' } })).toBe(likenessKey(asked))
  expect(likenessKey({ ...asked, offline: true })).not.toBe(likenessKey(asked))
  expect(likenessKey({ ...asked, platform: 'linux/arm64' })).not.toBe(likenessKey(asked))
})
