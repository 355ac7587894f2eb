/** What could not be told is `error`, and names what was in the way; what comes after a broken stage is not evaluated. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { givenOf } from '../../src/cli/given-of.ts'
import { limits } from '../../src/core/limits.ts'
import { memoryStore } from '../../src/evidence/store/memory.ts'
import { withoutDownloads } from '../../src/examine/downloaded.ts'
import { offline } from '../../src/examine/examination.ts'
import { examine } from '../../src/examine/examine.ts'
import { prepare, readRequest } from '../../src/examine/prepare.ts'
import {
  answer,
  attack,
  authority,
  codes,
  expectRefused,
  expectTrusted,
  imageDigest,
  judged,
  message,
  now,
  policyWith,
} from '../attacks/harness.ts'
import {
  expectEach,
  expectTrusted as expectImageTrusted,
  notesOf,
  referring,
  release,
  signatureOf,
  signedAt,
  tagged,
} from '../attacks/image-harness.ts'
import type { BundleJson } from '../authority/bundle.ts'
import { cosign3Signature, statement } from '../authority/cosign-bundle.ts'
import { newKey } from '../authority/keys.ts'
import { provenance } from '../authority/provenance.ts'

const { amd64: image } = release()
const withoutCertificate = (bundle: BundleJson): object => {
  const certificate = { rawBytes: Buffer.from('none').toString('base64') }
  return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, certificate } }
}

test('a certificate that is none leaves every later demand untold, and accuses no log', async () => {
  const { bundle } = authority.sign({
    payload: statement({ digest: imageDigest, annotations: { repo: 'Kong/kong-mesh' } }),
  })
  const artifact = { digest: imageDigest }
  const policy = policyWith({
    annotations: { repo: 'Kong/kong-mesh' },
    transparency: { log: 1, sct: 1, time: 1, proof: true },
  })
  const code = 'certificate.malformed'
  const refused = { evidence: { bundle: withoutCertificate(bundle) }, artifact, policy }
  const subject = await attack({ ...refused, evidence: { bundle } }, refused, { code, verdict: 'inconclusive' })
  expect([...new Set(codes(subject))].sort()).toEqual([
    'error annotation.not-evaluated',
    'error certificate.malformed',
    'error identity.not-evaluated',
    'error log.not-evaluated',
    'error payload.not-evaluated',
    'error sct.not-evaluated',
    'error signature.not-evaluated',
    'error time.not-evaluated',
  ])
})
const spdx = 'https://spdx.dev/Document'
const attested = { candidate: 'attestation', predicateType: [spdx] }

test('what an attestation says is untold where its certificate is none', async () => {
  const artifact = { digest: imageDigest }
  const of = (payload: string | object, policy: object) =>
    judged({ evidence: { bundle: withoutCertificate(authority.sign({ payload }).bundle) }, artifact, policy })
  expect(
    codes(
      await of(
        statement({ digest: imageDigest, predicateType: spdx }),
        policyWith({ ...attested, reference: 'asked' }),
      ),
    ),
  ).toEqual(expect.arrayContaining(['error predicate.not-evaluated', 'error reference.not-evaluated']))
  const subjects = [{ name: 'kuma-cp', digest: { sha256: imageDigest.slice(7) } }]
  const source = { source: { uri: 'github.com/Kong/kong-mesh' } }
  expect(
    codes(await of(provenance({ subjects }), policyWith({ candidate: 'attestation', provenance: source }))),
  ).toContain('error provenance.not-evaluated')
})

test('none of several keys made it', async () => {
  const [own, other, third] = [newKey(), newKey(), newKey()]
  const { bundle } = authority.sign({ message, signer: own, log: 'none' })
  const by = (...keys: readonly { readonly pem: string }[]) =>
    policyWith({
      transparency: { log: 0, time: 0 },
      signer: { keys: keys.map(({ pem }) => ({ key: { base64: Buffer.from(pem).toString('base64') } })) },
    })
  await attack(
    { evidence: { bundle }, policy: by(other, own) },
    { evidence: { bundle }, policy: by(other, third) },
    { code: 'signature.key-unknown' },
  )
})

test('a predicate that is demanded is told as met', async () => {
  const { bundle } = authority.sign({ payload: statement({ digest: imageDigest, predicateType: spdx }) })
  const policy = policyWith(attested)
  const subject = await expectTrusted({ evidence: { bundle }, artifact: { digest: imageDigest }, policy })
  expect(codes(subject)).toContain('pass predicate.met')
})

test('a name is demanded, and none was asked', async () => {
  const signature = signatureOf(image)
  const of = { evidence: { signatures: [signature] }, policy: policyWith({ reference: 'asked' }) }
  await expectRefused(
    { ...of, artifact: { digest: image.digest } },
    { code: 'reference.name-unknown', verdict: 'inconclusive' },
  )
})

test('a form that signs no name says so, also where none is demanded', async () => {
  const { artifact } = cosign3Signature(authority, { of: image })
  const answered = await expectImageTrusted({ layout: [tagged(image), referring(artifact)] })
  expect(notesOf(answered)).toContain('reference.unsigned-name')
  expect(notesOf(await expectImageTrusted({ layout: [tagged(image), signedAt(image)] }))).not.toContain(
    'reference.unsigned-name',
  )
})

test('nothing was brought along for a digest', async () => {
  const of = { evidence: [], artifact: { digest: imageDigest } } as const
  const { verdict, subjects } = await answer(of)
  expect(verdict).toBe('inconclusive')
  expect(subjects.flatMap((subject) => codes(subject))).toContain('error evidence.nothing-given')
})

test('what was brought along cannot be read', async () => {
  await expectRefused(
    { evidence: { given: { signatures: { base64: Buffer.from('no JSON').toString('base64') } } } },
    { code: 'evidence.malformed', verdict: 'inconclusive' },
  )
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-untold-'))
  try {
    expect(() => givenOf(folder)).toThrow(expect.objectContaining({ code: 'request.path-not-file' }))
    writeFileSync(join(folder, 'index.json'), '{}')
    expect(givenOf(folder)).toEqual({ layout: folder })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a bundle larger than it may be', () => {
  const { bundle } = authority.sign({ message })
  const padding = ' '.repeat(limits.bundleBytes)
  return attack(
    { evidence: { bundle } },
    { evidence: { bundle: `${JSON.stringify(bundle)}${padding}` } },
    { code: 'limit.bytes', verdict: 'inconclusive' },
  )
})

test('more rounds of questions than there may be', async () => {
  const of = { layout: [tagged(image), signedAt(image)] }
  await expectImageTrusted(of)
  await expectEach({ ...of, limits: { rounds: 1 } }, 'inconclusive limit.rounds')
})

test('a root that is too old for the policy, or of which no age is known', async () => {
  const { bundle } = authority.sign({ message })
  const policy = (maxAge: string) => ({ ...policyWith(), trust: { maxAge } })
  await expectTrusted({ evidence: { bundle } })
  // A root that was given as a file carries no date: no age of it can be shown.
  await expectRefused(
    { evidence: { bundle }, policy: policy('P30D') },
    { code: 'trust.stale', verdict: 'inconclusive' },
  )
})

test('no root at hand', async () => {
  const { bundle } = authority.sign({ message })
  const given = [{ bundle: { base64: Buffer.from(JSON.stringify(bundle)).toString('base64') } }]
  const request = readRequest({ subject: { digest: imageDigest }, given, policy: policyWith(), at: now, offline: true })
  const store = memoryStore()
  const clock = () => Date.parse(now)
  const shop = { paths: { root: '.', confined: true }, store, limits, now: clock }
  const { examination, sources } = await prepare(withoutDownloads(request), {
    ...shop,
    publicGood: () => Promise.resolve(undefined),
  })
  const world = { store, sources: [...sources, offline(clock)], now: clock, limits, versions: {} }
  const { answer: told } = await examine(examination, { ...world, signal: new AbortController().signal })
  expect(told.verdict).toBe('inconclusive')
  expect(told.subjects.flatMap((subject) => codes(subject))).toContain('error trust.unavailable')
})

test('no signed time: the certificate is not judged', async () => {
  const artifact = { digest: imageDigest }
  const { bundle } = authority.sign({ payload: statement({ digest: imageDigest }), log: 'none', timestamp: false })
  const timed = authority.sign({ payload: statement({ digest: imageDigest }), log: 'none' }).bundle
  const policy = policyWith({ transparency: { log: 0, sct: 1, time: 1 } })
  const of = { artifact, policy }
  const subject = await attack(
    { ...of, evidence: { bundle: timed } },
    { ...of, evidence: { bundle } },
    { code: 'time.absent' },
  )
  expect(codes(subject)).toContain('error certificate.not-evaluated')
})
