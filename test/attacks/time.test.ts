import { expect, test } from 'vitest'
import { createAuthority } from '../authority/authority.ts'
import { legacyAttestation, simpleSigning } from '../authority/cosign-legacy.ts'
import { newKey } from '../authority/keys.ts'
import { later } from '../authority/time.ts'
import {
  attack,
  authority,
  expectRefused,
  expectTrusted,
  imageDigest,
  imageName,
  judged,
  notes,
  policyWith,
} from './harness.ts'

const demand = '/transparency/time'
const at = (seconds: number) => later(authority.at, seconds)
const image = { digest: imageDigest, name: imageName }
/** Certificates live for ten minutes. */
const tooLate = 601

test('T14 an expired certificate and no time that anybody signed', async () => {
  const bare = { evidence: authority.sign({ log: 'none', timestamp: false }) }
  const withLog = { evidence: authority.sign({}) }
  await attack(withLog, bare, { code: 'log.absent', demand: '/transparency/log' })
  const policy = policyWith({ transparency: { log: 0 } })
  const timed = { evidence: authority.sign({ log: 'none', timestamp: true }), policy }
  await attack(timed, { ...bare, policy }, { code: 'time.absent', demand })
})

test('T14 logged, or stamped, after the certificate had expired', async () => {
  const logged = (seconds: number) => ({ evidence: authority.sign({ logV1: { integratedTime: at(seconds) } }) })
  await attack(logged(600), logged(tooLate), { code: 'time.outside-certificate', demand })
  await expectRefused(logged(-1), { code: 'time.outside-certificate', demand })
  const stamped = (seconds: number) => ({ evidence: authority.sign({ log: 'v2', timestamp: { at: at(seconds) } }) })
  await attack(stamped(600), stamped(tooLate), { code: 'time.outside-certificate', demand })
  const legacy = (seconds: number) => ({
    evidence: {
      signatures: [simpleSigning(authority, { digest: imageDigest, logV1: { integratedTime: at(seconds) } })],
    },
    artifact: image,
  })
  await attack(legacy(600), legacy(tooLate), { code: 'time.outside-certificate', demand })
})

test('T14 the authority had expired, the certificate had not', async () => {
  const until = (notAfter: Date) => createAuthority({ ca: { notAfter } })
  const [alive, dead] = [until(at(3600)), until(at(1))]
  const of = (one: typeof alive, seconds: number) => ({
    evidence: one.sign({ logV1: { integratedTime: at(seconds) } }),
    root: one.trustedRoot(),
  })
  await attack(of(alive, 5), of(dead, 5), { code: 'certificate.untrusted', demand: '/signer' })
  await expectTrusted(of(dead, 1))
})

test('T14 where a policy demands no time the certificate is judged at the time of judging', async () => {
  const policy = policyWith({ transparency: { log: 0, time: 0 } })
  const bare = { evidence: authority.sign({ log: 'none', timestamp: false }), policy }
  const subject = await attack(
    { ...bare, at: '2026-01-15T12:10:00Z' },
    { ...bare, at: '2026-01-15T12:10:01Z' },
    {
      code: 'certificate.untrusted',
      demand: '/signer',
    },
  )
  expect(subject.holds.from).toBe('2026-01-15T12:10:00.001Z')
})

test('T14 a bare envelope could still be asked for at the log; the same in a manifest is complete', async () => {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'x', digest: { sha256: imageDigest.slice(7) } }],
    predicateType: 'https://example.test/p',
    predicate: {},
  }
  const policy = policyWith({ candidate: 'attestation' })
  const signer = authority.githubCertificate()
  const logged = legacyAttestation(authority, { statement, signer })
  const unlogged = legacyAttestation(authority, { statement, signer, log: false })
  const inManifest = (one: typeof logged) => ({ evidence: { signatures: [one] }, artifact: image, policy })
  await attack(inManifest(logged), inManifest(unlogged), { code: 'log.absent', demand: '/transparency/log' })
  const { envelope } = unlogged.signed.type === 'envelope' ? unlogged.signed : { envelope: undefined }
  const signatures = envelope?.signatures.map((one) => ({ ...one, cert: signer.pem }))
  await expectRefused(
    { evidence: { bundle: { ...envelope, signatures } }, artifact: image, policy },
    { code: 'log.inclusion-not-shown', verdict: 'inconclusive', demand },
  )
})

const stamped = (timestamp: object) => ({ evidence: authority.sign({ log: 'v2', timestamp }) })
const rogue = authority.createTsa({ newRoot: true })

test('T20 a timestamp by a stranger who brings a certificate along', async () => {
  for (const embedCertificates of ['none', 'leaf', 'chain'] as const) {
    const subject = await attack(stamped({ embedCertificates }), stamped({ tsa: rogue, embedCertificates }), {
      code: 'time.absent',
      demand,
    })
    expect(notes(subject)).toContain('time.authority-unknown')
  }
})

test('T20 a timestamp that names the trusted signer, by another key', async () => {
  const impostor = { ...authority.tsa, leaf: { ...authority.tsa.leaf, key: newKey() } }
  await attack(stamped({}), stamped({ tsa: impostor, embedCertificates: 'leaf' }), { code: 'time.invalid', demand })
})

test('T20 a timestamp over something else, or altered', async () => {
  for (const wrong of [
    { over: 'something else' },
    { imprint: Buffer.alloc(32, 7) },
    { alter: 'signature' },
    { alter: 'message-digest' },
  ])
    await attack(stamped({}), stamped(wrong), { code: 'time.invalid', demand })
  const cut = (der: Buffer) => der.subarray(0, 40)
  await expectRefused(stamped({ alter: cut }), { code: 'time.malformed', verdict: 'inconclusive', demand })
})

test('T20 the certificate that signs times must be one for signing times, whatever others are embedded', async () => {
  const wrongUse = authority.createTsa({ eku: ['codeSigning'] })
  const rightUse = authority.createTsa()
  const embedCertificates = [rightUse.leaf.der, authority.tsa.leaf.der]
  const of = (tsa: typeof rightUse) => ({
    ...stamped({ tsa, embedCertificates }),
    root: authority.trustedRoot({ tsas: [tsa] }),
  })
  const subject = await attack(of(rightUse), of(wrongUse), { code: 'time.absent', demand })
  expect(notes(subject)).toContain('trust.entry-unusable')
  // One made for the occasion under the trusted root of times is not the one that the trusted root names.
  await expectRefused(stamped({ eku: ['timeStamping'] }), { code: 'time.absent', demand })
})

test('T20 a timestamp authority that had gone out of service', async () => {
  const until = (end: Date) => ({ ...stamped({}), root: authority.trustedRoot({ tsa: { end } }) })
  await attack(until(at(2)), until(at(1)), { code: 'time.invalid', demand })
})

test('T21 one time lies in the certificate, the other does not', async () => {
  const times = (log: number, stamp: number) => ({
    evidence: authority.sign({ logV1: { integratedTime: at(log) }, timestamp: { at: at(stamp) } }),
  })
  const code = 'time.outside-certificate'
  await attack(times(1, 2), times(1, tooLate), { code, demand })
  await attack(times(1, 2), times(tooLate, 2), { code, demand })
  await expectRefused(times(1, -1), { code, demand })
  // One time demanded, one good: the other is still a contradiction.
  await expectRefused({ ...times(1, tooLate), policy: policyWith({ transparency: { time: 1 } }) }, { code, demand })
})

test('T22 a time ahead of the clock', async () => {
  const evidence = authority.sign({})
  const judge = (clock: Date) => ({ evidence, at: clock.toISOString() })
  const fiveMinutes = 300
  await attack(judge(at(1 - fiveMinutes)), judge(at(-fiveMinutes)), { code: 'time.in-future', demand })
  const stampedOnly = authority.sign({ log: 'v2' })
  await expectRefused({ evidence: stampedOnly, at: at(-3600).toISOString() }, { code: 'time.in-future', demand })
  await expectTrusted({ evidence: stampedOnly })
  // The clock is an argument: years later the same evidence is as good.
  await expectTrusted({ evidence, at: '2046-01-01T00:00:00Z' })
  expect((await judged({ evidence })).holds).toEqual({ from: at(1 - fiveMinutes).toISOString(), until: null })
})
