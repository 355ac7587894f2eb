/** Answers to render: really signed images of a throw-away authority, judged; and shapes that only a renderer cares about. */
import type { Digest } from '../../src/core/digest.ts'
import type { Finding } from '../../src/core/finding.ts'
import type { Reference } from '../../src/core/reference.ts'
import type { SubjectAnswer, VerdictAnswer } from '../../src/core/request.ts'
import type { Time } from '../../src/core/time.ts'
import { makeInputs } from '../../src/core/verdict.ts'

export const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}` as Digest
const evidence = [digest('e'), digest('f')]
const at = '/requirements/0'
export const san = 'https://github.com/Kong/kong-mesh/.github/workflows/kuma-_build_publish.yaml@refs/tags/2.14.3'

export const subjectFinding = (subject: Digest, parts: Partial<Finding> & Pick<Finding, 'code'>): Finding => ({
  check: 'SC-03',
  outcome: 'pass',
  basis: 'cryptographic',
  subject,
  evidence,
  ...parts,
})

const candidateParts: readonly (Partial<Finding> & Pick<Finding, 'code'>)[] = [
  { code: 'payload.bound', demand: `${at}/candidate` },
  { code: 'certificate.verified', demand: `${at}/signer`, where: { in: 'certificate', field: 'chain' } },
  { code: 'signature.verified', demand: `${at}/signer` },
  {
    code: 'demand.met',
    demand: `${at}/signer/issuer`,
    expected: 'https://token.actions.githubusercontent.com',
    found: 'https://token.actions.githubusercontent.com',
    where: { in: 'certificate', field: 'issuer' },
  },
  {
    code: 'identity.met',
    demand: `${at}/signer/identity`,
    expected: san,
    found: san,
    where: { in: 'certificate', field: 'subjectAlternativeName' },
  },
  {
    code: 'certificate.extension-met',
    demand: `${at}/signer/certificate/buildTrigger`,
    expected: 'push',
    found: 'push',
    where: { in: 'certificate', field: 'buildTrigger' },
  },
  {
    code: 'annotation.met',
    demand: `${at}/annotations/repo`,
    expected: 'repo=Kong/kong-mesh',
    found: 'repo=Kong/kong-mesh',
  },
  {
    code: 'reference.met',
    demand: `${at}/reference`,
    expected: 'docker.io/kong/kuma-cp',
    found: 'index.docker.io/kong/kuma-cp',
  },
  { code: 'log.counted', demand: `${at}/transparency/log`, expected: '1', found: '1' },
  { code: 'sct.counted', demand: `${at}/transparency/sct`, expected: '1', found: '1' },
  { code: 'time.counted', demand: `${at}/transparency/time`, expected: '1', found: '1' },
  { code: 'log.promise-only', basis: 'none' },
]

/** All findings of one good candidate; `changes` replace those of a demand. */
export function candidateFindings(
  subject: Digest,
  candidate: Digest,
  changes: Readonly<Record<string, Partial<Finding>>> = {},
): readonly Finding[] {
  return candidateParts.map((parts) =>
    subjectFinding(subject, { ...parts, candidate, ...changes[parts.demand?.slice(at.length) ?? 'note'] }),
  )
}

const unconfirmed = (subject: Digest): Finding =>
  subjectFinding(subject, {
    check: 'policy',
    code: 'policy.unconfirmed',
    basis: 'none',
    found: 'kong-mesh',
    evidence: [],
  })

export type SubjectParts = {
  readonly subject: SubjectAnswer['subject']
  readonly role: SubjectAnswer['role']
  readonly platform?: string
  readonly outcome: SubjectAnswer['outcome']
  readonly findings: readonly Finding[]
  readonly as?: string
  readonly root?: Digest
  readonly asked?: SubjectAnswer['beside']['asked']
}

export function answerOf(subjects: readonly SubjectParts[], verdict: VerdictAnswer['verdict']): VerdictAnswer {
  return {
    schema: 'urn:meshproof:answer:v1',
    verdict,
    at: '2026-09-01T10:00:00.000Z',
    versions: { meshproof: '0.1.0' },
    subjects: subjects.map(
      ({
        subject,
        role,
        platform,
        outcome,
        findings,
        root = digest('a'),
        as = 'docker.io/kong/kuma-cp:2.14.3',
        asked,
      }) => ({
        subject,
        role,
        ...(platform !== undefined && { platform }),
        verdictId: digest('1'),
        outcome,
        holds: { from: '2026-09-01T08:55:01.000Z' as Time, until: null },
        inputs: makeInputs({
          subject,
          asked:
            role === 'artifact'
              ? { name: 'app.tar' }
              : { as: as as Reference, name: 'docker.io/kong/kuma-cp', version: '2.14.3', root },
          evidence: digest('2'),
          trust: digest('3'),
          policy: digest('4'),
          waivers: digest('5'),
        }),
        findings,
        beside: {
          policy: { name: 'kong-mesh', confirmed: 'unconfirmed' },
          trust: { name: 'public-good', age: 'P3D' },
          asked: asked ?? [
            {
              question: { ask: 'resolve', image: as as Reference },
              from: 'registry-1.docker.io',
              at: '2026-09-01T10:00:00.000Z',
            },
          ],
          unread: [],
        },
      }),
    ),
  }
}

const met = (subject: Digest): Finding => subjectFinding(subject, { code: 'requirement.met', demand: at })

export const trusted: VerdictAnswer = answerOf(
  [
    {
      subject: digest('a'),
      role: 'root',
      outcome: 'trusted',
      findings: [met(digest('a')), ...candidateFindings(digest('a'), digest('c')), unconfirmed(digest('a'))],
    },
    {
      subject: digest('b'),
      role: 'member',
      platform: 'linux/amd64',
      outcome: 'trusted',
      findings: [met(digest('b')), ...candidateFindings(digest('b'), digest('d')), unconfirmed(digest('b'))],
    },
  ],
  'trusted',
)

/** The index is signed by somebody else, the platform well; beside the bad one lies junk. */
export function rejectedBy(found: string): VerdictAnswer {
  const [index, platform, candidate] = [digest('a'), digest('b'), digest('c')]
  const wrong = { code: 'identity.san', outcome: 'fail', expected: san, found } as const
  return answerOf(
    [
      {
        subject: index,
        role: 'root',
        outcome: 'rejected',
        findings: [
          subjectFinding(index, {
            ...wrong,
            demand: at,
            basis: 'measured',
            where: { in: 'certificate', field: 'subjectAlternativeName' },
          }),
          ...candidateFindings(index, candidate, { '/signer/identity': wrong }),
          ...['6', '7'].map((letter) =>
            subjectFinding(index, {
              code: 'signature.malformed',
              outcome: 'fail',
              demand: `${at}/candidate`,
              basis: 'measured',
              candidate: digest(letter),
              expected: 'a certificate in PEM',
            }),
          ),
          unconfirmed(index),
        ],
      },
      {
        subject: platform,
        role: 'member',
        platform: 'linux/amd64',
        outcome: 'trusted',
        findings: [met(platform), ...candidateFindings(platform, digest('d')), unconfirmed(platform)],
      },
    ],
    'rejected',
  )
}
export const rejected = rejectedBy(san.replace('/Kong/', '/Evil/'))

export const absent: VerdictAnswer = answerOf(
  [
    {
      subject: digest('a'),
      role: 'root',
      outcome: 'rejected',
      findings: [
        subjectFinding(digest('a'), {
          code: 'signature.absent',
          outcome: 'fail',
          demand: at,
          basis: 'measured',
          found: '4 places asked',
          evidence: [],
        }),
        ...['/signer/issuer', '/signer/identity'].map((place) =>
          subjectFinding(digest('a'), {
            code: 'demand.not-evaluated',
            outcome: 'error',
            demand: at + place,
            basis: 'none',
            evidence: [],
          }),
        ),
      ],
    },
  ],
  'rejected',
)

export const unreachable: VerdictAnswer = answerOf(
  [
    {
      subject: { unresolved: 'docker.io/kong/kuma-cp:2.14.3' as Reference },
      role: 'root',
      outcome: 'inconclusive',
      findings: [
        {
          check: 'SC-03',
          code: 'registry.rate-limited',
          outcome: 'error',
          demand: at,
          basis: 'none',
          subject: { unresolved: 'docker.io/kong/kuma-cp:2.14.3' as Reference },
          found: 'docker.io/kong/kuma-cp:2.14.3',
          evidence: [],
        },
      ],
      asked: [
        {
          question: { ask: 'resolve', image: 'docker.io/kong/kuma-cp:2.14.3' as Reference },
          from: 'registry-1.docker.io',
          at: '2026-09-01T10:00:00.000Z',
          retryAfter: '2026-09-01T12:03:00.000Z',
          detail: { found: 'registry-1.docker.io', until: '2026-09-01T12:03:00.000Z' },
        },
      ],
    },
  ],
  'inconclusive',
)

export const notYet: VerdictAnswer = answerOf(
  [
    {
      subject: digest('a'),
      role: 'root',
      outcome: 'inconclusive',
      findings: [
        subjectFinding(digest('a'), {
          code: 'requirement.not-yet',
          outcome: 'not-applicable',
          demand: at,
          basis: 'none',
          expected: '2.7.4',
          found: '2.7.3',
          evidence: [],
        }),
      ],
    },
  ],
  'inconclusive',
)
