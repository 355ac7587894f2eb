import { expect, test } from 'vitest'
import { brief } from '../../../src/report/model/brief.ts'
import { verdictView } from '../../../src/report/model/verdict-view.ts'
import {
  absent,
  answerOf,
  candidateFindings,
  digest,
  notYet,
  rejected,
  san,
  subjectFinding,
  trusted,
  unreachable,
} from '../answers.ts'

const at = '/requirements/0'
const steps = (answer: typeof trusted, i = 0) => {
  const subject = verdictView(answer).subjects[i]
  return [...(subject?.trunk ?? []), ...(subject?.requirements.flatMap(({ links }) => links) ?? [])].map(
    ({ kind, state }) => `${kind} ${state}`,
  )
}

test('the chain of a good image, from what was claimed to the signed time', () => {
  expect(steps(trusted, 1)).toEqual([
    'reference claimed',
    'index pass',
    'platform pass',
    'signature pass',
    'identity pass',
    'statement pass',
    'log pass',
    'time pass',
  ])
})

test('the chain breaks where the reason is', () => {
  expect(steps(rejected)).toEqual([
    'reference claimed',
    'index pass',
    'signature pass',
    'identity fail',
    'statement pass',
    'log pass',
    'time pass',
  ])
  expect(steps(absent)).toEqual(['reference claimed', 'image pass', 'signature fail'])
  expect(steps(unreachable)).toEqual(['reference unknown'])
  expect(steps(notYet)).toEqual(['reference claimed', 'image pass', 'signature not-applicable'])
})

test('what nothing could be held against is not reached, neither passed nor failed', () => {
  const silent = ['/signer/issuer', '/signer/identity', '/reference', '/annotations/repo']
  const changes = Object.fromEntries(
    silent.map((place) => [place, { code: 'identity.not-evaluated', outcome: 'error', basis: 'none' } as const]),
  )
  const wrong = { code: 'certificate.untrusted', outcome: 'fail' } as const
  const subject = digest('a')
  const findings = candidateFindings(subject, digest('c'), {
    ...changes,
    '/signer/certificate/buildTrigger': { code: 'identity.not-evaluated', outcome: 'error', basis: 'none' },
    '/signer': wrong,
  })
  const answer = answerOf(
    [
      {
        subject,
        role: 'root',
        outcome: 'rejected',
        findings: [subjectFinding(subject, { ...wrong, demand: at }), ...findings],
      },
    ],
    'rejected',
  )
  expect(steps(answer)).toEqual([
    'reference claimed',
    'image pass',
    'signature fail',
    'identity unreached',
    'statement unreached',
    'log pass',
    'time pass',
  ])
})

test('the drawn candidate is the one that came closest; others that tell the same are told once', () => {
  const [requirement] = verdictView(rejected).subjects[0]?.requirements ?? []
  expect(requirement?.drawn).toBe(digest('c'))
  expect(requirement?.candidates.map(({ ids }) => ids)).toEqual([[digest('c')], [digest('6'), digest('7')]])
})

test('subjects that tell the same story are told once', () => {
  expect(verdictView(trusted).groups.map((group) => group.map(({ label }) => label))).toEqual([
    ['index', 'linux/amd64'],
  ])
  expect(verdictView(rejected).groups).toHaveLength(2)
})

test('an error is "could not tell"; only cryptographic and measured passes are proven; notes move nothing', () => {
  const views = [trusted, rejected, absent, unreachable, notYet].flatMap(({ subjects }, i) => {
    const view = verdictView([trusted, rejected, absent, unreachable, notYet][i] ?? trusted)
    expect(view.subjects).toHaveLength(subjects.length)
    return view.subjects.flatMap(({ requirements, notes }) => [
      ...requirements.flatMap(({ decisive, candidates, unheld }) => [
        decisive,
        ...unheld,
        ...candidates.flatMap(({ findings }) => findings),
      ]),
      ...notes,
    ])
  })
  for (const { state, proven, basis } of views)
    expect(proven).toBe(state === 'pass' && (basis === 'cryptographic' || basis === 'measured'))
  expect(new Set(views.map(({ state }) => state))).toEqual(
    new Set(['pass', 'fail', 'unknown', 'not-applicable', 'note']),
  )
})

test('every surface gets the notes that must stand on it', () => {
  const contradiction = subjectFinding(digest('a'), { code: 'signature.contradicts', basis: 'none', found: 'abc, def' })
  const moved = subjectFinding(digest('a'), {
    check: 'image',
    code: 'registry.tag-moved',
    basis: 'none',
    found: digest('8'),
  })
  const [first, ...others] = trusted.subjects
  if (first === undefined) throw new Error('no subject')
  const view = verdictView({
    ...trusted,
    subjects: [{ ...first, findings: [...first.findings, contradiction, moved] }, ...others],
  })
  expect(view.notes.map(({ code }) => code)).toEqual([
    'policy.unconfirmed',
    'signature.contradicts',
    'registry.tag-moved',
  ])
  expect(view.notProved.join(' ')).toContain('several good signatures disagree')
})

test('T91 the host that was asked is told, with the time', () => {
  expect(verdictView(trusted).places).toEqual([
    { place: 'docker.io/kong/kuma-cp', from: 'registry-1.docker.io', count: 1, at: '2026-09-01T10:00:00.000Z' },
  ])
})

test('what is not proved is read out of notes, tags and what did not apply', () => {
  const told = (answer: typeof trusted) => verdictView(answer).notProved.join('\n')
  expect(told(trusted)).toMatch(
    /log kept its word[\s\S]*not been held against a real release[\s\S]*a tag can be moved[\s\S]*no provenance/,
  )
  expect(told(notYet)).toContain('Anything that SC-03 demands: it does not apply here')
})

test('a sentence is made short, and a difference is never cut away', () => {
  const expected = san
  const branch = san.replace('refs/tags/2.14.3', 'refs/heads/main')
  const says = (found: string) => brief(`Signed from ${found}; the policy demands ${expected}.`, { expected, found })
  expect(says(branch)).toBe(
    'Signed from Kong/kong-mesh, kuma-_build_publish.yaml@refs/heads/main; the policy demands …@refs/tags/2.14.3.',
  )
  const other = san.replace('github.com', 'github.com.evil.test')
  expect(says(other)).toContain('https://github.com.evil.test/')
  expect(says(other)).toContain('github.com/Kong/kong-mesh/')
  expect(brief(`For ${digest('a')}.`, undefined)).toBe('For sha256:aaaaaaaaaaaa….')
})
