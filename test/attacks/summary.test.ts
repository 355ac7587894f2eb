/** Summaries of another verifier (VSA): his, of this artifact and this resource, passed, high enough; each fault has its code. */
import { sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Code } from '../../src/core/codes.ts'
import { cosign3Signature } from '../authority/cosign-bundle.ts'
import { githubIssuer } from '../authority/github.ts'
import { type Key, newKey } from '../authority/keys.ts'
import { type EnvelopeOptions, preAuthEncoding } from '../authority/signing.ts'
import { resource, type SummaryStatement, saying, summary, summaryPredicate, verifier } from '../authority/summary.ts'
import {
  attack,
  authority,
  type Case,
  codes,
  decisive,
  digestsOf,
  expectRefused,
  expectTrusted,
  identityParts,
  judged,
  message,
  notes,
  policyOf,
} from './harness.ts'
import {
  expectEach,
  expectTrusted as expectImageTrusted,
  type ImageCase,
  referring,
  release,
  repository,
  tagged,
} from './image-harness.ts'

const key = newKey()
const demanded = { verifier, resource, levels: ['SLSA_BUILD_LEVEL_2'] }
const keysOf = (...keys: readonly Key[]) => ({
  keys: keys.map(({ pem }) => ({ key: { base64: Buffer.from(pem).toString('base64') } })),
})
const policy = (vsa: object = {}, changes: object = {}) =>
  policyOf({
    id: 'VSA',
    candidate: 'attestation',
    signer: keysOf(key),
    transparency: { log: 0 },
    vsa: { ...demanded, ...vsa },
    ...changes,
  })

type Signing = { readonly signer?: Key; readonly signing?: EnvelopeOptions }

/** The artifact, and a summary of it that differs from a good one by this. */
function given(edit?: (statement: SummaryStatement) => unknown, by: object = policy(), how: Signing = {}): Case {
  const { bundle } = authority.sign({
    payload: summary(message, edit),
    signer: how.signer ?? key,
    log: 'none',
    timestamp: false,
    ...(how.signing !== undefined && { signing: how.signing }),
  })
  return { evidence: { bundle }, artifact: { file: message, name: 'app-1.2.3.tar.gz' }, policy: by }
}

const good = given()
const changed =
  (changes: object) =>
  (statement: SummaryStatement): object => ({ ...statement, ...changes })
const sha256 = digestsOf(message).sha256.slice('sha256:'.length)

describe('a single fault', () => {
  test.each<[string, Case, Code, string]>([
    [
      'T61 of another verifier, whose key is trusted for this one',
      given(saying({ verifier: { id: 'https://verifier.example/v2' } })),
      'vsa.verifier',
      '/vsa/verifier',
    ],
    [
      'T61 of another resource',
      given(saying({ resourceUri: 'https://downloads.example/app-1.2.4.tar.gz' })),
      'vsa.resource',
      '/vsa/resource',
    ],
    [
      'T61 of a lower level',
      given(saying({ verifiedLevels: ['SLSA_BUILD_LEVEL_1', 'REVIEWED'] })),
      'vsa.level',
      '/vsa/levels',
    ],
    ['T61 that did not pass', given(saying({ verificationResult: 'FAILED' })), 'vsa.not-passed', '/vsa'],
    [
      'T61 of another artifact',
      given(changed({ subject: [{ digest: { sha256: 'ef'.repeat(32) } }] })),
      'vsa.subject',
      '/candidate',
    ],
    ['T61 by another key', given(undefined, policy(), { signer: newKey() }), 'signature.invalid', '/signer/keys'],
    [
      'T61 whose signature is broken',
      given(undefined, policy(), { signing: { pae: Buffer.from('something else') } }),
      'signature.invalid',
      '/signer/keys',
    ],
    [
      'T53 of an older version',
      given(changed({ predicateType: 'https://slsa.dev/verification_summary/v0.2' })),
      'vsa.type',
      '/vsa',
    ],
    [
      'T52 with another payload type',
      given(undefined, policy(), { signing: { payloadType: 'text/plain' } }),
      'vsa.payload',
      '/candidate',
    ],
    ['T53 without a verifier', given(saying({ verifier: {} })), 'vsa.malformed', '/vsa'],
    ['T53 without a policy', given(saying({ policy: undefined })), 'vsa.malformed', '/vsa'],
    ['T53 whose predicate is a list', given(changed({ predicate: [] })), 'vsa.malformed', '/vsa'],
    ['T61 without any level', given(saying({ verifiedLevels: [] })), 'vsa.levels-malformed', '/vsa'],
  ])('%s', async (_, attacked, code, demand) => {
    await attack(good, attacked, { code, demand })
  })

  test.each(['https://slsa.dev/provenance/v1', 'https://example.org/verification_summary/v1'])(
    'T53 another kind of statement is no summary: %s',
    async (predicateType) => {
      await attack(good, given(changed({ predicateType })), { code: 'vsa.absent' })
    },
  )

  test.each(['passed', 'PASSED ', 'true', ''])(
    'T61 PASSED is a word, and this is another: %j',
    async (verificationResult) => {
      await expectRefused(given(saying({ verificationResult })), { code: 'vsa.not-passed', demand: '/vsa' })
    },
  )

  test('T61 PASSED beside FAILED is no pass', async () => {
    await expectRefused(given(saying({ verifiedLevels: ['SLSA_BUILD_LEVEL_3', 'FAILED'] })), { code: 'vsa.not-passed' })
  })

  test('T61 one summary meets it whole: the level of one does not lend to the resource of another', async () => {
    const [low, elsewhere] = [
      given(saying({ verifiedLevels: ['SLSA_BUILD_LEVEL_1'] })),
      given(saying({ resourceUri: 'https://downloads.example/other' })),
    ]
    const both = { ...low, evidence: [low.evidence, elsewhere.evidence].flat() }
    expect((await judged(both)).outcome).toBe('rejected')
    await expectTrusted({ ...low, evidence: [low.evidence, elsewhere.evidence, good.evidence].flat() })
  })
})

describe('levels', () => {
  const of = (levels: readonly string[], verifiedLevels: readonly string[]) =>
    given(saying({ verifiedLevels }), policy({ levels }))
  test.each([
    [['SLSA_BUILD_LEVEL_1'], ['SLSA_BUILD_LEVEL_3']],
    [['SLSA_BUILD_LEVEL_3'], ['SLSA_BUILD_LEVEL_3']],
    [['SLSA_BUILD_LEVEL_UNEVALUATED'], ['SLSA_BUILD_LEVEL_UNEVALUATED']],
    [['SLSA_BUILD_LEVEL_UNEVALUATED'], ['SLSA_BUILD_LEVEL_0']],
    [
      ['REVIEWED', 'SLSA_BUILD_LEVEL_2'],
      ['SLSA_BUILD_LEVEL_2', 'REVIEWED'],
    ],
    [['SLSA_BUILD_REPRODUCED'], ['SLSA_BUILD_LEVEL_2', 'SLSA_BUILD_REPRODUCED']],
  ])('%j is met by %j', async (wanted, said) => {
    await expectTrusted(of(wanted, said))
  })
  test.each([
    [['SLSA_BUILD_LEVEL_3'], ['SLSA_BUILD_LEVEL_2']],
    [['SLSA_BUILD_LEVEL_0'], ['SLSA_BUILD_LEVEL_UNEVALUATED']],
    [['SLSA_BUILD_LEVEL_1'], ['SLSA_SOURCE_LEVEL_3']],
    [['SLSA_BUILD_LEVEL_2', 'SLSA_SOURCE_LEVEL_1'], ['SLSA_BUILD_LEVEL_2']],
    [['REVIEWED'], ['reviewed', 'SLSA_BUILD_LEVEL_3']],
    [['SLSA_BUILD_REPRODUCED'], ['SLSA_BUILD_LEVEL_3']],
  ])('T61 %j is not met by %j', async (wanted, said) => {
    await expectRefused(of(wanted, said), { code: 'vsa.level' })
  })
  test.each([
    [['SLSA_BUILD_LEVEL_2', 'SLSA_BUILD_LEVEL_3']],
    [['SLSA_BUILD_LEVEL_2', 'SLSA_BUILD_LEVEL_2']],
    [['SLSA_BUILD_LEVEL_X']],
    [['SLSA_BUILD_LEVEL_3', 'SLSA_BUILD_LEVEL']],
    [['SLSA_BUILD_LEVEL_3', 'SLSA_OF_OUR_OWN']],
    [['SLSA_BUILD_LEVEL_-1']],
  ])('T61 %j are no levels of SLSA', async (said) => {
    await expectRefused(of(['SLSA_BUILD_LEVEL_1'], said), { code: 'vsa.levels-malformed', demand: '/vsa' })
  })
  test('where none is demanded, any will do', async () => {
    await expectTrusted(given(saying({ verifiedLevels: ['OURS'] }), policy({ levels: undefined })))
  })
})

describe('digests of the artifact', () => {
  test.each([
    ['SHA-1', { sha1: 'ab'.repeat(20) }],
    ["a word of the publisher's own", { gce_image_id: '8970095005306000053' }],
  ])('T48 %s alone: it cannot be told', async (_, weak) => {
    await attack(good, given(changed({ subject: [{ digest: weak }] })), {
      code: 'payload.digest-weak',
      verdict: 'inconclusive',
      demand: '/candidate',
    })
  })
  test('T48 a statement of another kind is refused as that, whatever it names', async () => {
    const weak = changed({ subject: [{ digest: { sha1: 'ab'.repeat(20) } }] })
    await expectRefused(given(weak, policy(), { signing: { payloadType: 'text/plain' } }), { code: 'vsa.payload' })
  })
  test('T48 beside a SHA-256 it does not count, whatever it says', async () => {
    await expectTrusted(given(changed({ subject: [{ digest: { sha1: 'ab'.repeat(20), sha256 } }] })))
    await expectRefused(
      given(changed({ subject: [{ digest: { sha1: sha256.slice(0, 40), sha256: 'ef'.repeat(32) } }] })),
      {
        code: 'vsa.subject',
      },
    )
  })
  test('T48 each strong one that is known must match', async () => {
    const { sha512 } = digestsOf(message)
    const both = (hex: string) => given(changed({ subject: [{ digest: { sha256, sha512: hex } }] }))
    await expectTrusted(both(sha512.slice('sha512:'.length)))
    const alone = (hex: string) => given(changed({ subject: [{ digest: { sha512: hex } }] }))
    await expectTrusted(alone(sha512.slice('sha512:'.length)))
    await expectRefused(alone('ab'.repeat(64)), { code: 'vsa.subject' })
  })
  test('T49 more subjects than anything real has are not read', async () => {
    await expectRefused(given(changed({ subject: Array.from({ length: 1025 }, () => ({ digest: { sha256 } })) })), {
      code: 'limit.subjects',
      verdict: 'inconclusive',
    })
  })
})

describe('policy and age', () => {
  const named = { uri: 'https://verifier.example/policies/release', digest: `sha256:${'ab'.repeat(32)}` }
  test('the policy that it was held against, by its address, its digest or both', async () => {
    for (const one of [named, { uri: named.uri }, { digest: named.digest }])
      await expectTrusted(given(undefined, policy({ policy: one })))
    for (const wrong of [
      { ...named, uri: `${named.uri}/2` },
      { ...named, digest: `sha256:${'ba'.repeat(32)}` },
    ])
      await expectRefused(given(undefined, policy({ policy: wrong })), { code: 'vsa.policy', demand: '/vsa/policy' })
  })

  test('T61 too old, of the future, of no time at all; what is young enough holds until then', async () => {
    const by = policy({ maxAge: 'P7D' })
    const twin = given(undefined, by)
    const subject = await expectTrusted(twin)
    expect(subject.holds).toEqual({ from: '2026-01-15T11:55:00.000Z', until: '2026-01-22T11:59:59.999Z' })
    const demand = '/vsa/maxAge'
    await attack(twin, { ...twin, at: '2026-01-22T12:00:00Z' }, { code: 'vsa.stale', demand })
    await expectRefused({ ...twin, at: '2026-01-15T11:54:59Z' }, { code: 'vsa.stale', demand })
    await expectTrusted({ ...twin, at: '2026-01-15T11:55:00Z' })
    for (const timeVerified of [undefined, 'yesterday'])
      await expectRefused(given(saying({ timeVerified }), by), { code: 'vsa.stale', demand })
    // The time of the summary is its verifier's word: where no age is demanded it moves nothing.
    await expectTrusted({ ...good, at: '2036-01-15T12:00:00Z' })
    expect((await judged(good)).holds).toEqual({ from: null, until: null })
  })
})

describe('signed by an identity', () => {
  const keyless = { issuer: githubIssuer, identity: identityParts }
  const by = policy({}, { signer: keyless, transparency: undefined })
  const of = (edit?: (statement: SummaryStatement) => unknown, github: object = {}): Case => ({
    ...good,
    evidence: { bundle: authority.sign({ payload: summary(message, edit), github }).bundle },
    policy: by,
  })
  test('T61 the same demands stand, and the identity is bound to the verifier', async () => {
    await attack(of(), of(saying({ verifier: { id: 'https://verifier.example/v2' } })), { code: 'vsa.verifier' })
    await attack(of(), of(undefined, { ref: 'refs/heads/main' }), { code: 'identity.ref' })
  })
})

test('what the envelope calls its key can refuse, and never lets in', async () => {
  const named = (id: string, by = key) => policy({}, { signer: { keys: [{ ...keysOf(by).keys[0], id }] } })
  const signing = { keyid: 'keystore://prod:vsa' }
  const { bundle } = authority.sign({ payload: summary(message), signer: key, log: 'none', timestamp: false, signing })
  const of = (by: object): Case => ({ ...good, evidence: { bundle: bundle.dsseEnvelope ?? {} }, policy: by })
  await attack(of(named('keystore://prod:vsa')), of(named('keystore://test:vsa')), {
    code: 'signature.key-id',
    demand: '/signer/keys',
  })
  await expectTrusted(of(policy()))
  await expectRefused(of(named('')), { code: 'signature.key-id' })
  await expectRefused(of(named('keystore://prod:vsa', newKey())), { code: 'signature.invalid' })
})

describe('a signature whose numbers stand side by side (IEEE P1363)', () => {
  test.each(['p256', 'p384', 'p521'] as const)(
    '%s: taken of a key of the policy, broken ones are not',
    async (curve) => {
      const own = newKey(curve)
      const payload = Buffer.from(JSON.stringify(summary(message)))
      const payloadType = 'application/vnd.in-toto+json'
      const hash = { p256: 'sha256', p384: 'sha384', p521: 'sha512' }[curve]
      const signature = sign(hash, preAuthEncoding(payloadType, payload), {
        key: own.privateKey,
        dsaEncoding: 'ieee-p1363',
      })
      const of = (sig: Buffer): Case => ({
        ...good,
        evidence: {
          bundle: { payloadType, payload: payload.toString('base64'), signatures: [{ sig: sig.toString('base64') }] },
        },
        policy: policy({}, { signer: keysOf(own) }),
      })
      const broken = Buffer.from(signature)
      broken[5] = (broken[5] ?? 0) ^ 1
      await attack(of(signature), of(broken), { code: 'signature.invalid' })
      await expectRefused(of(Buffer.alloc(signature.length)), { code: 'signature.invalid' })
      await expectRefused(of(signature.subarray(1)), { code: 'signature.invalid' })
    },
  )
})

test('what it says is shown, and fields that nobody defined; neither moves the verdict', async () => {
  const edit = (statement: SummaryStatement): object => ({
    ...statement,
    'https://verifier.example/ticket': 7,
    predicate: { ...statement.predicate, verifier: { ...statement.predicate.verifier, team: 'blue' } },
  })
  const subject = await expectTrusted(given(edit))
  expect(notes(subject)).toContain('vsa.says')
  const unknown = subject.findings.filter(({ code }) => code === 'payload.fields-unknown').map(({ found }) => found)
  expect(unknown).toEqual(['/predicate/verifier/team', 'https://verifier.example/ticket'])
  const plain = await expectTrusted(good)
  expect(notes(plain)).not.toContain('payload.fields-unknown')
  expect(codes(plain, '/requirements/0/vsa')).toEqual(['pass vsa.passed'])
  expect(plain.findings.find(({ code }) => code === 'vsa.says')?.found).toBe(
    'SLSA_BUILD_LEVEL_2, SLSA_SOURCE_LEVEL_1, REVIEWED 2026-01-15T12:00:00Z https://verifier.example/policies/release',
  )
})

test('behind a signature that is not verified nothing is read', async () => {
  const subject = await judged(given(undefined, policy({ maxAge: 'P1D' }), { signer: newKey() }))
  for (const place of ['', '/verifier', '/resource', '/levels', '/maxAge'])
    expect(codes(subject, `/requirements/0/vsa${place}`)).toEqual(['error vsa.not-evaluated'])
  expect(decisive(subject).code).toBe('signature.invalid')
})

test('a demand that can never be met, or asks nothing, does not load', async () => {
  const refused = async (by: object) =>
    expect(judged({ ...good, policy: by })).rejects.toMatchObject({ code: 'policy.malformed' })
  await refused(policy({ levels: ['SLSA_BUILD_LEVEL_X'] }))
  await refused(policy({ levels: ['SLSA_BUILD_LEVEL_1', 'SLSA_BUILD_LEVEL_2'] }))
  await refused(policy({ levels: [] }))
  await refused(policy({ policy: {} }))
  await refused(policy({ verifier: '' }))
  await refused(policy({ resource: undefined }))
  await refused(policy({}, { candidate: 'signature' }))
  await refused(policy({}, { provenance: {} }))
  await refused(policy({}, { predicateType: [summaryPredicate] }))
  await refused(policy({}, { signer: { builder: 'trusted' }, transparency: undefined }))
})

test('T61 a summary beside an image, found where its attestations are', async () => {
  const { amd64: image } = release()
  const beside = (changes: object): ImageCase => {
    const { predicate } = summary(
      message,
      saying({ resourceUri: `oci://${repository}`, ...changes }),
    ) as SummaryStatement
    const made = cosign3Signature(authority, {
      of: image,
      signer: key,
      log: 'none',
      timestamp: false,
      predicateType: summaryPredicate,
      predicate,
    })
    return { layout: [tagged(image), referring(made.artifact)], policy: policy({ resource: `oci://${repository}` }) }
  }
  await expectImageTrusted(beside({}))
  await expectEach(beside({ verificationResult: 'FAILED' }), 'rejected vsa.not-passed')
  await expectEach({ ...beside({}), layout: [tagged(image)] }, 'rejected vsa.absent')
})
