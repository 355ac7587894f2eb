import { expect, test } from 'vitest'
import { type Digest, digestOf } from '../../src/core/digest.ts'
import { limits } from '../../src/core/limits.ts'
import type { GivenKind, Observation } from '../../src/core/observation.ts'
import type { Policy } from '../../src/core/policy.ts'
import type { Name, Reference } from '../../src/core/reference.ts'
import { askImage } from '../../src/judge/ask.ts'
import { askArtifact } from '../../src/judge/ask-artifact.ts'
import { EvidenceView } from '../../src/judge/evidence-view.ts'
import { createAuthority } from '../authority/authority.ts'
import { bareEnvelope } from '../authority/bare-envelope.ts'
import { image, index } from '../authority/oci.ts'

const authority = createAuthority()
const artifact = digestOf('an archive')
const about = (digest: string) => [{ name: 'a', digest: { sha256: digest.slice('sha256:'.length) } }]
const envelope = bareEnvelope(authority, { subjects: about(artifact) })
const bundle = JSON.stringify(authority.sign({ payload: { a: 1 } }).bundle)

const policy = (requirement: object = {}): Policy =>
  ({
    schema: 'urn:meshproof:policy:v1',
    name: 'a',
    requirements: [{ id: 'a', candidate: 'attestation', signer: { builder: 'trusted' }, ...requirement }],
  }) as Policy

/** Evidence that holds these, given. */
function viewOf(
  given: readonly (readonly [GivenKind, string])[],
  more: readonly Observation[] = [],
  extra: string[] = [],
) {
  const bytes = new Map([...given.map(([, text]) => text), ...extra].map((text) => [digestOf(text), Buffer.from(text)]))
  const observations = given.map(
    ([kind, text]): Observation => ({
      question: { ask: 'given', kind },
      outcome: { found: digestOf(text), mediaType: 'application/json' },
    }),
  )
  return new EvidenceView([...observations, ...more], (digest) => bytes.get(digest))
}

const asked = { ask: 'log-entry', artifact, envelope: digestOf(envelope.text) } as const
const questions = (view: EvidenceView, by = policy()) => askArtifact(artifact, by, view, limits)

test('a bare envelope about the artifact is asked for, once, and no more when that was answered', () => {
  expect(questions(viewOf([['bundle', envelope.text]]))).toEqual([asked])
  expect(questions(viewOf([['bundle', `${envelope.text}\n${envelope.text}\n`]]))).toEqual([asked])
  for (const outcome of [{ absent: true }, { failed: 'evidence.offline' }] as const)
    expect(questions(viewOf([['bundle', envelope.text]], [{ question: asked, outcome }]))).toEqual([])
})

test('each line of a file is named by its own bytes', () => {
  expect(questions(viewOf([['bundle', `${bundle}\n${envelope.text}\r\n`]]))).toEqual([
    { ...asked, envelope: digestOf(`${envelope.text}\r`) },
  ])
})

test.each([
  ['a bundle', [['bundle', bundle]]],
  ['an envelope about something else', [['bundle', bareEnvelope(authority, { subjects: about(digestOf('b')) }).text]]],
  [
    'an entry that was brought along',
    [
      ['bundle', envelope.text],
      ['log-entry', '{}'],
    ],
  ],
  ['what cannot be read', [['bundle', envelope.text.slice(1)]]],
  ['an envelope without certificate', [['bundle', envelope.text.replace('"cert"', '"none"')]]],
] as const)('no log is asked about %s', (_, given) => {
  expect(questions(viewOf(given))).toEqual([])
})

test('no log is asked where the policy does not count on one', () => {
  const view = viewOf([['bundle', envelope.text]])
  expect(questions(view, policy({ transparency: { log: 0, time: 0 } }))).toEqual([])
  expect(questions(view, policy({ transparency: { log: 0 } }))).toEqual([asked])
  const keys = { keys: [{ key: { base64: '' } }] }
  expect(questions(view, policy({ signer: keys }))).toEqual([])
})

test('of an image, the log is asked about what its name meant', () => {
  const one = image({ platform: 'linux/amd64', content: 'a' })
  const all = index([one])
  const about_ = bareEnvelope(authority, { subjects: about(all.digest) })
  const name = 'docker.io/team/app' as Name
  const root = all.digest as Digest
  const manifest: Observation = {
    question: { ask: 'manifest', image: name, digest: root },
    outcome: { found: root, mediaType: all.mediaType },
  }
  const text = Buffer.from(all.bytes).toString('utf8')
  const view = viewOf([['bundle', about_.text]], [manifest], [text])
  const reference = `${name}@${root}` as Reference
  expect(askImage({ reference, name }, policy(), view, limits)).toEqual([
    { ask: 'log-entry', artifact: root, envelope: digestOf(about_.text) },
  ])
})
