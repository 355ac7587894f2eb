import { createPublicKey, sign as cryptoSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { expect, test } from 'vitest'
import { pem } from '../authority/bytes.ts'
import { tbsCertificate } from '../authority/certificate.ts'
import { statement } from '../authority/cosign-bundle.ts'
import { bits, oid, sequence } from '../authority/der.ts'
import { type Key, type KeyAlgorithm, newKey } from '../authority/keys.ts'
import type { Body } from '../authority/log-bodies.ts'
import { preAuthEncoding } from '../authority/signing.ts'
import {
  attack,
  authority,
  decisive,
  digestsOf,
  expectRefused,
  expectTrusted,
  imageDigest,
  imageName,
  judged,
  message,
  policyOf,
  policyWith,
} from './harness.ts'

/** A key that the authority would not make; `as` says how it is treated. */
function foreignKey(privateKey: KeyObject, as: KeyAlgorithm): Key {
  const publicKey = createPublicKey(privateKey)
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  return { algorithm: as, privateKey, publicKey, spki, pem: pem('PUBLIC KEY', spki) }
}
const weak = {
  'RSA of 1024 bits': foreignKey(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey, 'rsa2048'),
  secp256k1: foreignKey(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey, 'p256'),
  'P-224': foreignKey(generateKeyPairSync('ec', { namedCurve: 'secp224r1' }).privateKey, 'p256'),
}

const keysOf = (...keys: (Key | { readonly key: Key; readonly hash: string })[]) =>
  keys.map((one) => ({
    key: { base64: Buffer.from('pem' in one ? one.pem : one.key.pem).toString('base64') },
    ...('hash' in one && { hash: one.hash }),
  }))
const keyRequirement = { id: 'KEY', candidate: 'signature', transparency: { log: 0 } }
const keyPolicy = (...keys: Parameters<typeof keysOf>) =>
  policyOf({ ...keyRequirement, signer: { keys: keysOf(...keys) } })
const bare = { log: 'none', timestamp: false } as const

test.each(Object.entries(weak))('T25 a certificate for a weak or foreign key: %s', async (_name, key) => {
  await attack(
    { evidence: authority.sign({ github: { key: newKey() } }) },
    { evidence: authority.sign({ github: { key } }) },
    { code: 'signature.algorithm', demand: '/signer' },
  )
})

test.each(Object.entries(weak))(
  'T25 a policy that names a weak or foreign key does not load: %s',
  async (_name, key) => {
    const good = newKey()
    const evidence = authority.sign({ signer: good, ...bare })
    await expectTrusted({ evidence, policy: keyPolicy(good) })
    await expect(judged({ evidence, policy: keyPolicy(good, key) })).rejects.toMatchObject({ code: 'policy.malformed' })
  },
)

test('T25 keys of other kinds do not load', async () => {
  const kinds = [
    generateKeyPairSync('ed448').privateKey,
    generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey,
    generateKeyPairSync('x25519').privateKey,
  ]
  for (const kind of kinds) {
    const policy = keyPolicy(foreignKey(kind, 'p256'))
    await expect(judged({ evidence: authority.sign(bare), policy })).rejects.toMatchObject({ code: 'policy.malformed' })
  }
  const long = createPublicKey({
    key: { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(1025, 0xff).toString('base64url') },
    format: 'jwk',
  })
  const text = long.export({ format: 'pem', type: 'spki' })
  const policy = policyOf({
    ...keyRequirement,
    signer: { keys: [{ key: { base64: Buffer.from(text).toString('base64') } }] },
  })
  await expect(judged({ evidence: authority.sign(bare), policy })).rejects.toMatchObject({ code: 'policy.malformed' })
})

test.each(Object.entries(weak))('T25 a root that names a log by such a key is malformed: %s', async (_name, key) => {
  const evidence = authority.sign({})
  const withKey = (one: Key) =>
    authority.trustedRoot({
      edit: (it) => {
        const [log] = it.ctlogs
        if (log !== undefined)
          it.ctlogs.push({ ...log, publicKey: { ...log.publicKey, rawBytes: one.spki.toString('base64') } })
      },
    })
  await attack(
    { evidence, root: withKey(newKey()) },
    { evidence, root: withKey(key) },
    {
      code: 'trust.malformed',
      verdict: 'inconclusive',
    },
  )
})

/** The certificate again, signed with another hash by the same authority. */
function resigned(hash: 'sha1' | 'sha256', algorithm: string) {
  const issued = authority.githubCertificate({
    sct: 'none',
    afterSct: (parts) => {
      made = parts
      return parts
    },
  })
  const parts = made
  if (parts === undefined) throw new Error('no parts')
  const tbs = tbsCertificate(parts)
  const { privateKey } = authority.ca.intermediate.key
  const der = sequence(tbs, sequence(oid(algorithm)), bits(cryptoSign(hash, tbs, privateKey)))
  return { ...issued, der, pem: pem('CERTIFICATE', der) }
}
let made: Parameters<typeof tbsCertificate>[0] | undefined

test('T25 a certificate that was signed with SHA-1', async () => {
  const policy = policyWith({ transparency: { sct: 0 } })
  const by = (hash: 'sha1' | 'sha256', algorithm: string) => ({
    evidence: authority.sign({ signer: resigned(hash, algorithm) }),
    policy,
  })
  await attack(by('sha256', '1.2.840.10045.4.3.2'), by('sha1', '1.2.840.10045.4.1'), {
    code: 'certificate.untrusted',
    demand: '/signer',
  })
})

test('T25 a message digest or a subject by SHA-1', async () => {
  const { bundle } = authority.sign({})
  const { messageSignature } = bundle
  const named = (algorithm: string) => ({
    evidence: {
      bundle: {
        ...bundle,
        messageSignature: { ...messageSignature, messageDigest: { ...messageSignature?.messageDigest, algorithm } },
      },
    },
  })
  await attack(named('SHA2_256'), named('SHA1'), { code: 'signature.malformed' })
  const about = (subject: object) => ({ evidence: authority.sign({ payload: statement({ subject: [subject] }) }) })
  const { sha256 } = digestsOf(message)
  const weakDigest = { sha1: 'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d' }
  await attack(about({ digest: { sha256: sha256.slice(7) } }), about({ digest: weakDigest }), {
    code: 'payload.digest-mismatch',
    demand: '/candidate',
  })
})

const strong = ['p384', 'p521'] as const
const natural = { p384: 'sha384', p521: 'sha512' } as const
const image = { digest: imageDigest, name: imageName }
const payload = statement({ digest: imageDigest })

test.each(strong)('L14 an envelope by an own %s key goes with the hash of its curve', async (algorithm) => {
  const key = newKey(algorithm)
  const signedWith = (hash: string) => ({
    evidence: authority.sign({ signer: key, payload, ...bare, signing: { hash } as object }),
    artifact: image,
  })
  const policy = keyPolicy(key)
  const right = { ...signedWith(natural[algorithm]), policy }
  await attack(right, { ...signedWith('sha256'), policy }, { code: 'signature.invalid', demand: '/signer/keys' })
  // SHA-256 with a larger key is what cosign 2 wrote: only where the policy says so.
  const said = keyPolicy({ key, hash: 'sha256' })
  await expectTrusted({ ...signedWith('sha256'), policy: said })
  await expectRefused({ ...right, policy: said }, { code: 'signature.invalid' })
})

test.each(strong)('L14 a message by an own %s key', async (algorithm) => {
  const key = newKey(algorithm)
  const hash = natural[algorithm]
  const signedWith = (signing: object) => ({
    evidence: authority.sign({ signer: key, ...bare, signing }),
    policy: keyPolicy(key),
  })
  await attack(signedWith({ hash }), signedWith({ hash, signatureHash: 'sha256' }), { code: 'signature.invalid' })
})

test.each(strong)(
  'L14 a certificate for a %s key: the entry or the message digest names the hash',
  async (algorithm) => {
    const hash = natural[algorithm]
    const by = (options: object) => ({
      evidence: authority.sign({ github: { key: algorithm }, ...options }),
      artifact: image,
    })
    const rekord = { logV1: { kind: 'hashedrekord' } }
    for (const log of [{}, rekord, { log: 'v2' }]) await expectTrusted(by({ payload, ...log, signing: { hash } }))
    await expectTrusted({ evidence: authority.sign({ github: { key: algorithm }, signing: { hash } }) })
    await expectTrusted({ evidence: authority.sign({ github: { key: algorithm }, signing: { hash: 'sha256' } }) })
    await expectTrusted(by({ payload, ...rekord, signing: { hash: 'sha256' } }))
    const unlogged = { ...by({ ...bare, timestamp: true, signing: { hash: 'sha256' } }), artifact: { file: message } }
    await expectTrusted({ ...unlogged, policy: policyWith({ transparency: { log: 0 } }) })
    // Nothing names a hash: the curve does.
    await expectRefused(by({ payload, signing: { hash: 'sha256' } }), { code: 'signature.invalid', demand: '/signer' })
    // The entry names another hash than the signature was made with.
    const body = ({ spec }: Body) => {
      const { payload: bytes, payloadType } = authority.sign({ payload, ...bare }).bundle.dsseEnvelope ?? {}
      const signed = preAuthEncoding(payloadType ?? '', Buffer.from(bytes ?? '', 'base64'))
      spec['data'] = { hash: { algorithm: 'sha256', value: digestsOf(signed).sha256.slice(7) } }
    }
    await expectRefused(by({ payload, logV1: { kind: 'hashedrekord', body }, signing: { hash } }), {
      code: 'signature.invalid',
      demand: '/signer',
    })
  },
)

const digestOnly = { digest: digestsOf(message).sha256 }
const byDigest: readonly KeyAlgorithm[] = ['p256', 'p384', 'p521', 'rsa2048', 'rsa3072']

test.each(byDigest)('L15 the digest alone is enough for a message by %s with SHA-256', async (algorithm) => {
  const key = newKey(algorithm)
  const policy = keyPolicy({ key, hash: 'sha256' })
  const wrong = { evidence: authority.sign({ signer: key, message: 'another', ...bare }), policy }
  const right = { evidence: authority.sign({ signer: key, ...bare }), policy }
  await attack({ ...right, artifact: digestOnly }, { ...wrong, artifact: digestOnly }, { code: 'signature.invalid' })
  await expectTrusted(right)
  const certified = { evidence: authority.sign({ github: { key: algorithm } }), artifact: digestOnly }
  await expectTrusted(certified)
})

test('L15 Ed25519 needs the bytes', async () => {
  const key = newKey('ed25519')
  const evidence = authority.sign({ signer: key, ...bare })
  const policy = keyPolicy(key)
  const needed = { code: 'artifact.bytes-needed', verdict: 'inconclusive' } as const
  const subject = await expectRefused({ evidence, policy, artifact: digestOnly }, { ...needed, demand: '/signer/keys' })
  expect(decisive(subject).found).toBe('sha256')
  await expectRefused({ evidence: authority.sign({ github: { key: 'ed25519' } }), artifact: digestOnly }, needed)
  // An envelope brings its own bytes.
  await expectTrusted({ evidence: authority.sign({ signer: key, payload, ...bare }), policy, artifact: image })
})

test('L15 a signature over another hash than the digest at hand needs the bytes', async () => {
  for (const algorithm of strong) {
    const key = newKey(algorithm)
    const evidence = authority.sign({ signer: key, ...bare, signing: { hash: natural[algorithm] } })
    const policy = keyPolicy(key)
    await expectTrusted({ evidence, policy })
    await expectRefused(
      { evidence, policy, artifact: digestOnly },
      { code: 'artifact.bytes-needed', verdict: 'inconclusive', demand: '/signer/keys' },
    )
  }
})

test('L15 a high s is as good as a low one', async () => {
  const key = newKey()
  const policy = keyPolicy(key)
  // DER writes a number above 2^255 with a zero in front: more than half of the curve's order.
  const isHigh = (der: Buffer) => der.at(-34) === 33 && der.at(-33) === 0
  const signature = (high: boolean) => {
    for (;;) {
      const der = cryptoSign('sha256', Buffer.from(message), key.privateKey)
      if (isHigh(der) === high) return der
    }
  }
  for (const high of [false, true]) {
    const evidence = authority.sign({ signer: key, ...bare, signing: { signature: signature(high) } })
    await expectTrusted({ evidence, policy, artifact: digestOnly })
  }
})
