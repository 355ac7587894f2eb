import { X509Certificate as NodeCertificate } from 'node:crypto'
import { bundleFromJSON } from '@sigstore/bundle'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify'
import { describe, expect, test } from 'vitest'
import { createAuthority, type SignOptions } from './authority.ts'
import { type BundleJson, type BundleVersion, keyHint } from './bundle.ts'
import { flipBase64 } from './bytes.ts'
import { strangeSigner } from './checkpoint.ts'
import { type KeyAlgorithm, newKey } from './keys.ts'
import { breakPromise, breakProof, breakTime } from './log.ts'
import type { Body } from './log-bodies.ts'
import { createCtLog, leafIndexExtension } from './sct.ts'
import { later } from './time.ts'
import type { TrustedRootJson } from './trusted-root.ts'

const authority = createAuthority()
const root = authority.trustedRoot()
const message = 'a message'
const payload = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [],
  predicateType: 'https://example.test/p',
  predicate: {},
}

/** The unmodified library's word: `ok` or its error's code. */
function verdict(json: BundleJson, trusted: TrustedRootJson = root): string {
  try {
    const bundle = bundleFromJSON(json)
    const keys = Object.values(known).map((key) => [
      keyHint(key),
      { hint: keyHint(key), rawBytes: key.spki, keyDetails: 5 },
    ])
    const material = toTrustMaterial(TrustedRoot.fromJSON(trusted), Object.fromEntries(keys))
    const entity = toSignedEntity(bundle, json.messageSignature === undefined ? undefined : Buffer.from(message))
    new Verifier(material, { ctlogThreshold: json.verificationMaterial.publicKey === undefined ? 1 : 0 }).verify(entity)
    return 'ok'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

const known = { p256: newKey(), p384: newKey('p384'), rsa: newKey('rsa2048') }
const nameAnotherSignature = (body: Body): void => {
  body.spec['signature'] = { content: 'AAAA', publicKey: { content: '' } }
}

const sign = (options: SignOptions): BundleJson => authority.sign({ message, ...options }).bundle

describe('good bundles verify', () => {
  const versions: BundleVersion[] = ['0.1', '0.2', '0.3']
  const contents: Record<string, SignOptions> = {
    'message, hashedrekord': {},
    'message, timestamped too': { timestamp: true },
    'envelope, dsse': { payload },
    'envelope, intoto 0.0.2': { payload, logV1: { kind: 'intoto' } },
    'envelope, hashedrekord over the PAE': { payload, logV1: { kind: 'hashedrekord' } },
    'message, proof without promise, timestamped': { timestamp: true, logV1: { promise: false } },
    'message, Rekor 2': { log: 'v2' },
    'envelope, Rekor 2, hashedrekord over the PAE': { payload, log: 'v2' },
    'envelope, Rekor 2, dsse': { payload, log: 'v2', logV2: { kind: 'dsse' } },
  }
  for (const [name, options] of Object.entries(contents)) {
    const bare = options.log === 'v2' || options.logV1?.promise === false
    for (const version of versions.filter((one) => !(bare && one === '0.1'))) {
      test(`${version}: ${name}`, () => expect(verdict(sign({ ...options, bundle: { version } }))).toBe('ok'))
    }
  }

  test('0.1 with a promise only', () => {
    expect(verdict(sign({ logV1: { proof: false }, bundle: { version: '0.1', material: 'chain-intermediate' } }))).toBe(
      'ok',
    )
  })
  test.each(Object.entries(known))('with the bare key %s', (_name, signer) => {
    expect(verdict(sign({ signer }))).toBe('ok')
  })
  test.each<KeyAlgorithm>(['p256', 'p384', 'p521', 'rsa2048'])('with a certificate for %s', (key) => {
    expect(verdict(sign({ github: { key } }))).toBe('ok')
    expect(verdict(sign({ github: { key }, payload }))).toBe('ok')
  })
  test('with a certificate for Ed25519 (of an envelope)', () => {
    expect(verdict(sign({ github: { key: 'ed25519' }, payload }))).toBe('ok')
  })
  test('under a P-256 CA, and not under another authority of the same names', () => {
    const other = createAuthority({ caAlgorithm: 'p256' })
    const { bundle } = other.sign({ message })
    expect(verdict(bundle, other.trustedRoot())).toBe('ok')
    expect(verdict(bundle)).not.toBe('ok')
    expect(verdict(bundle, authority.trustedRoot({ also: [other] }))).toBe('ok')
  })
  test('in a tree of any shape', () => {
    const tiny = createAuthority()
    for (let laterLeaves = 0; laterLeaves < 24; laterLeaves += 1) {
      expect(verdict(tiny.sign({ message, logV1: { laterLeaves } }).bundle, tiny.trustedRoot())).toBe('ok')
    }
  })
})

describe('altered bundles do not', () => {
  const cases: Record<string, [SignOptions, string]> = {
    promise: [{ logV1: { alter: breakPromise } }, 'TLOG_INCLUSION_PROMISE_ERROR'],
    proof: [{ logV1: { alter: breakProof } }, 'TLOG_INCLUSION_PROOF_ERROR'],
    'proof, Rekor 2': [{ log: 'v2', logV2: { alter: breakProof } }, 'TLOG_INCLUSION_PROOF_ERROR'],
    'integrated time': [{ logV1: { alter: breakTime } }, 'TLOG_INCLUSION_PROMISE_ERROR'],
    'checkpoint by another key': [{ logV1: { checkpoint: { key: newKey() } } }, 'TLOG_INCLUSION_PROOF_ERROR'],
    'checkpoint, Rekor 2, by another key': [
      { log: 'v2', logV2: { checkpoint: { key: newKey('ed25519') } } },
      'TLOG_INCLUSION_PROOF_ERROR',
    ],
    'checkpoint of another root': [{ logV1: { checkpoint: { root: Buffer.alloc(32) } } }, 'TLOG_INCLUSION_PROOF_ERROR'],
    'checkpoint without root': [{ logV1: { checkpoint: { omit: ['root'] } } }, 'TLOG_INCLUSION_PROOF_ERROR'],
    'checkpoint without signatures': [
      { logV1: { checkpoint: { omit: ['signatures'] } } },
      'TLOG_INCLUSION_PROOF_ERROR',
    ],
    'entry of another signature': [{ logV1: { body: nameAnotherSignature } }, 'TLOG_BODY_ERROR'],
    'SCT signature': [{ github: { sct: [{ alter: 'signature' }] } }, 'CERTIFICATE_ERROR'],
    'SCT time': [{ github: { sct: [{ alter: 'time' }] } }, 'CERTIFICATE_ERROR'],
    'SCT of an unknown log': [{ github: { sct: 'unknown-log' } }, 'CERTIFICATE_ERROR'],
    'no SCT': [{ github: { sct: 'none' } }, 'CERTIFICATE_ERROR'],
    'the same SCT log twice': [{ github: { sct: 2 } }, 'CERTIFICATE_ERROR'],
    'extension that the SCT does not cover': [
      {
        github: {
          afterSct: (parts) => ({
            ...parts,
            extensions: [...parts.extensions, { oid: '1.2.3.4', value: Buffer.from([5, 0]) }],
          }),
        },
      },
      'CERTIFICATE_ERROR',
    ],
    'certificate of another CA': [{ github: { by: createAuthority().ca.intermediate } }, 'CERTIFICATE_ERROR'],
    'logged after the certificate ended': [
      { logV1: { integratedTime: later(authority.at, 601) } },
      'CERTIFICATE_ERROR',
    ],
    'timestamp signature': [{ timestamp: { alter: 'signature' } }, 'TIMESTAMP_ERROR'],
    'timestamp digest': [{ timestamp: { alter: 'message-digest' } }, 'TIMESTAMP_ERROR'],
    'timestamp of something else': [{ timestamp: { over: 'else' } }, 'TIMESTAMP_ERROR'],
    'timestamp of another TSA': [{ timestamp: { tsa: createAuthority().tsa } }, 'TIMESTAMP_ERROR'],
    'signature of the envelope': [{ payload, signing: { pae: Buffer.from('else') } }, 'SIGNATURE_ERROR'],
    'signature of the message': [{ signing: { signature: Buffer.from('MAYCAQECAQE=', 'base64') } }, 'SIGNATURE_ERROR'],
  }
  test.each(Object.entries(cases))('%s', (_name, [options, code]) => {
    expect(verdict(sign(options))).toBe(code)
  })

  test('a signature flipped in the finished bundle', () => {
    const bundle = sign({})
    if (bundle.messageSignature === undefined) throw new Error('no message')
    bundle.messageSignature.signature = flipBase64(bundle.messageSignature.signature)
    expect(verdict(bundle)).not.toBe('ok')
  })
})

describe('what may differ', () => {
  test('the entry may name another certificate over the same key: the library does not look (attack L4)', () => {
    const signer = authority.githubCertificate()
    const stranger = authority.githubCertificate({ owner: 'Evil', key: signer.key })
    expect(verdict(sign({ signer, logV1: { verifier: stranger } }))).toBe('ok')
  })
  test('checkpoints: more lines, unknown signatures, before and after', () => {
    for (const extraFirst of [true, false]) {
      const checkpoint = { extraLines: ['Timestamp: 1'], extraSignatures: [strangeSigner()], extraFirst }
      expect(verdict(sign({ logV1: { checkpoint } }))).toBe('ok')
      expect(verdict(sign({ log: 'v2', logV2: { checkpoint } }))).toBe('ok')
    }
  })
  test('SCTs: extensions, two logs', () => {
    const two = createAuthority({ ctLogs: 2 })
    expect(verdict(sign({ github: { sct: [{ extensions: leafIndexExtension(7) }] } }))).toBe('ok')
    expect(verdict(two.sign({ message, github: { sct: 2 } }).bundle, two.trustedRoot())).toBe('ok')
    const log = createCtLog()
    expect(verdict(sign({ github: { sct: [{ log }] } }), authority.trustedRoot({ ctLogs: [log] }))).toBe('ok')
  })
  test('timestamps: SHA-512 imprint, embedded certificates, another TSA that is trusted', () => {
    const tsa = authority.createTsa({ newRoot: true, algorithm: 'p384' })
    expect(verdict(sign({ timestamp: { hash: 'sha512', embedCertificates: 'chain' } }))).toBe('ok')
    expect(verdict(sign({ timestamp: { tsa } }), authority.trustedRoot({ tsas: [tsa] }))).toBe('ok')
  })
  test('windows of the trusted root', () => {
    const bundle = sign({})
    expect(verdict(bundle, authority.trustedRoot({ tlog: { start: null }, ca: null }))).toBe('ok')
    expect(verdict(bundle, authority.trustedRoot({ tlog: { end: later(authority.at, -1) } }))).toBe(
      'TLOG_INCLUSION_PROMISE_ERROR',
    )
    expect(verdict(bundle, authority.trustedRoot({ ca: { end: later(authority.at, -1) } }))).toBe('CERTIFICATE_ERROR')
    expect(verdict(sign({ log: 'v2' }), authority.trustedRoot({ checkpointKeyId: true }))).toBe('ok')
  })
})

test('node reads the certificates and follows the chain', () => {
  const { ca, tsa } = authority
  const read = (der: Buffer) => new NodeCertificate(der)
  const leaf = authority.githubCertificate()
  for (const [der, issuer] of [
    [leaf.der, ca.intermediate],
    [ca.intermediate.der, ca.root],
    [tsa.leaf.der, tsa.root],
  ] as const) {
    expect(read(der).checkIssued(read(issuer.der))).toBe(true)
    expect(read(der).verify(issuer.key.publicKey)).toBe(true)
  }
  expect(read(leaf.der).subjectAltName).toBe(
    'URI:https://github.com/Kong/kong-mesh/.github/workflows/kuma-_build_publish.yaml@refs/tags/2.14.3',
  )
  expect(read(leaf.der).checkPrivateKey(leaf.key.privateKey)).toBe(true)
})
