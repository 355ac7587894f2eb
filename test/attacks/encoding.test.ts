import { expect, test } from 'vitest'
import { statement } from '../authority/cosign-bundle.ts'
import { simpleSigning } from '../authority/cosign-legacy.ts'
import { newKey } from '../authority/keys.ts'
import { preAuthEncoding } from '../authority/signing.ts'
import { attack, authority, expectRefused, expectTrusted, imageDigest, imageName, policyOf } from './harness.ts'

const key = newKey()
const artifact = { digest: imageDigest, name: imageName }
/** An own key and nothing else, so that only the signed bytes can be wrong. */
const policy = policyOf({
  id: 'KEY',
  candidate: 'signature',
  signer: { keys: [{ key: { base64: Buffer.from(key.pem).toString('base64') } }] },
  transparency: { log: 0 },
})
const plain = Buffer.from(
  JSON.stringify(statement({ digest: imageDigest, annotations: { note: 'grün' } }), undefined, 1),
)
const signed = (payload: Uint8Array, signing: object = {}) =>
  authority.sign({ signer: key, payload, log: 'none', timestamp: false, signing })
const of = (bundle: object) => ({ evidence: { bundle }, artifact, policy })
const good = of(signed(plain).bundle)

/** The same signature over other bytes. */
const with64 = (payload: Uint8Array) => {
  const { bundle } = signed(plain)
  return of({ ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload: Buffer.from(payload).toString('base64') } })
}

test('T24 bytes that normalise to the signed ones', async () => {
  const text = plain.toString()
  const variants = [
    text.replaceAll('\n', '\r\n'),
    `\ufeff${text}`,
    `${text}\n`,
    text.replace('ü', 'u\u0308'),
    JSON.stringify(JSON.parse(text)),
  ]
  for (const variant of variants)
    await attack(good, with64(Buffer.from(variant)), { code: 'signature.invalid', demand: '/signer/keys' })
})

test('T24 a signed document that is no UTF-8, or begins with a byte order mark', async () => {
  const broken = Buffer.from(plain)
  broken[plain.indexOf('ü')] = 0xff
  const latin = Buffer.from(plain.toString(), 'latin1')
  const variants = [
    broken,
    latin,
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), plain]),
    Buffer.from(plain.toString(), 'utf16le'),
  ]
  for (const bytes of variants)
    await attack(good, of(signed(bytes).bundle), { code: 'payload.malformed', demand: '/candidate' })
})

test('T24 other ends of lines are other bytes, and as good when they were signed', async () => {
  await expectTrusted(of(signed(Buffer.from(plain.toString().replaceAll('\n', '\r\n'))).bundle))
})

test('T24 the length in the signed encoding is counted in bytes', async () => {
  const text = plain.toString()
  const type = 'application/vnd.in-toto+json'
  const counted = (length: number) => Buffer.from(`DSSEv1 ${type.length} ${type} ${length} ${text}`)
  expect(counted(plain.length)).toEqual(preAuthEncoding(type, plain))
  await attack(
    of(signed(plain, { pae: counted(plain.length) }).bundle),
    of(signed(plain, { pae: counted(text.length) }).bundle),
    {
      code: 'signature.invalid',
      demand: '/signer/keys',
    },
  )
})

test('T24 a payload of simple signing, by the same rules', async () => {
  const text = JSON.stringify({
    critical: {
      identity: { 'docker-reference': 'index.docker.io/kong/kuma-cp' },
      image: { 'docker-manifest-digest': imageDigest },
      type: 'cosign container image signature',
    },
    optional: { note: 'grün' },
  })
  const layer = (rawPayload: Uint8Array) => ({
    evidence: { signatures: [simpleSigning(authority, { digest: imageDigest, signer: key, log: false, rawPayload })] },
    artifact,
    policy,
  })
  const twin = layer(Buffer.from(text))
  await attack(twin, layer(Buffer.from(text, 'latin1')), { code: 'payload.malformed', demand: '/candidate' })
  await attack(twin, layer(Buffer.from(`\ufeff${text}`)), { code: 'payload.malformed', demand: '/candidate' })
})

test('T24 a bundle that is no UTF-8', async () => {
  const text = JSON.stringify({ ...signed(plain).bundle, note: 'grün' })
  await attack(of(Buffer.from(text)), of(Buffer.from(text, 'latin1')), {
    code: 'bundle.malformed',
    verdict: 'inconclusive',
  })
  await attack(of(Buffer.from(text)), of(Buffer.from(`\ufeff${text}`)), {
    code: 'bundle.malformed',
    verdict: 'inconclusive',
  })
})

test('L11 junk within base64, unpadded, in the URL alphabet, with white space', async () => {
  const { bundle } = signed(plain)
  const { payload = '', payloadType, signatures = [] } = bundle.dsseEnvelope ?? {}
  const [signature] = signatures
  const sig = signature?.sig ?? ''
  const withParts = (parts: { payload?: string; sig?: string }) =>
    of({ ...bundle, dsseEnvelope: { payload, payloadType, ...parts, signatures: [{ sig: parts.sig ?? sig }] } })
  const expected = { code: 'bundle.malformed', verdict: 'inconclusive' } as const
  for (const broken of [
    `${payload.slice(0, 8)}!${payload.slice(8)}`,
    `${payload} `,
    `${payload.slice(0, 76)}\n${payload.slice(76)}`,
  ])
    await attack(withParts({}), withParts({ payload: broken }), expected)
  for (const broken of [`${sig}=`, `*${sig}`, sig.slice(0, -1), `${sig.slice(0, 20)}-_${sig.slice(22)}`])
    await attack(withParts({}), withParts({ sig: broken }), expected)
})

test('L11 bits that base64 leaves over are none', async () => {
  const { bundle } = authority.sign({ signer: key, log: 'none', timestamp: false })
  const { messageDigest } = bundle.messageSignature ?? {}
  const digest = messageDigest?.digest ?? ''
  const named = (it: string) => ({
    evidence: {
      bundle: {
        ...bundle,
        messageSignature: { ...bundle.messageSignature, messageDigest: { ...messageDigest, digest: it } },
      },
    },
    policy,
  })
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const last = alphabet[alphabet.indexOf(digest.at(-2) ?? '') + 1]
  const other = `${digest.slice(0, -2)}${last}=`
  expect(Buffer.from(other, 'base64')).toEqual(Buffer.from(digest, 'base64'))
  await attack(named(digest), named(other), { code: 'bundle.malformed', verdict: 'inconclusive' })
})

test('L11 two contents are ambiguous, whichever is good', async () => {
  const message = authority.sign({ signer: key, log: 'none', timestamp: false }).bundle.messageSignature
  const both = { ...signed(plain).bundle, messageSignature: message }
  await attack(good, of(both), { code: 'bundle.ambiguous' })
})

test('L11 an unknown field is a note, wherever it stands', async () => {
  const { bundle } = signed(plain)
  const extra = { ...bundle, surprise: 1, verificationMaterial: { ...bundle.verificationMaterial, more: {} } }
  const subject = await expectTrusted(of(extra))
  const note = subject.findings.find(({ code }) => code === 'bundle.fields-unknown')
  expect(note).toMatchObject({ outcome: 'pass', found: 'surprise, more' })
  expect(note).not.toHaveProperty('demand')
  expect((await expectTrusted(good)).findings.some(({ code }) => code === 'bundle.fields-unknown')).toBe(false)
  await expectRefused(of({ ...extra, verificationMaterial: {} }), { code: 'signature.malformed' })
})
