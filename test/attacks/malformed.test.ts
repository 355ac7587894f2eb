import { expect, test } from 'vitest'
import { codes as table } from '../../src/core/codes.ts'
import { createAuthority } from '../authority/authority.ts'
import { extendedKeyUsage } from '../authority/certificate.ts'
import { simpleSigning } from '../authority/cosign-legacy.ts'
import { newKey } from '../authority/keys.ts'
import type { Body } from '../authority/log-bodies.ts'
import {
  attack,
  authority,
  type Case,
  expectRefused,
  expectTrusted,
  imageDigest,
  imageName,
  judged,
  policyOf,
  root,
} from './harness.ts'
import { placesOf, replaced } from './mutations.ts'

const { bundle } = authority.sign({ timestamp: true })
const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ digest: { sha256: imageDigest.slice(7) } }],
  predicateType: 'https://example.test/p',
  predicate: {},
}
const enveloped = authority.sign({ payload: statement }).bundle

/** Answers whatever comes, with codes of ours, and never says trusted. */
async function survives(of: Case, what: string): Promise<void> {
  const subject = await judged(of)
  expect(subject.outcome, what).not.toBe('trusted')
  for (const { code } of subject.findings) expect(table).toHaveProperty([code])
}

const oddities = [null, [], {}, '', 'AAAA', '__proto__', -1, 1.5, 2 ** 60, true, ['x'], { rawBytes: 'AAAA' }]

test.each([
  ['L12 a bundle with a part replaced by something odd', bundle],
  ['L12 an envelope with a part replaced by something odd', enveloped],
])('%s', async (_name, document) => {
  // What the answer may stand without: hints, and what our policy does not demand.
  const optional =
    /keyid|inclusionPromise$|timestampVerificationData|messageDigest$|integratedTime|logIndex|treeSize|rootHash/
  for (const { path: at } of placesOf(document))
    for (const value of oddities) {
      const odd = {
        evidence: { bundle: replaced(document, at, value) },
        artifact: document === bundle ? { file: 'hello' } : { digest: imageDigest },
      }
      if (optional.test(at.join('.'))) await judged(odd)
      else await survives(odd, `${at.join('.')} = ${JSON.stringify(value)}`)
    }
  await expectTrusted({ evidence: { bundle } })
})

test('L12 things that are no bundle', async () => {
  const nothing = [
    '',
    ' ',
    'null',
    '[]',
    '""',
    '0',
    '{',
    '{}',
    '[[[]]]',
    '\u0000',
    'x'.repeat(1000),
    '{"mediaType":1}',
    `${'['.repeat(100)}${']'.repeat(100)}`,
  ]
  for (const text of nothing) await survives({ evidence: { bundle: text } }, text)
  const whole = Buffer.from(JSON.stringify(bundle))
  for (let end = 0; end < whole.length; end += 97)
    await survives({ evidence: { bundle: whole.subarray(0, end) } }, `first ${end} bytes`)
})

test('L12 key hints that name something of every object', async () => {
  const key = newKey()
  const policy = (one: typeof key) =>
    policyOf({
      id: 'KEY',
      candidate: 'signature',
      signer: { keys: [{ key: { base64: Buffer.from(one.pem).toString('base64') } }] },
      transparency: { log: 0 },
    })
  for (const hint of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '']) {
    const evidence = authority.sign({ signer: key, log: 'none', timestamp: false, bundle: { hint } })
    await attack(
      { evidence, policy: policy(key) },
      { evidence, policy: policy(newKey()) },
      { code: 'signature.invalid' },
    )
    await expectRefused({ evidence }, { code: 'certificate.absent', demand: '/signer' })
  }
})

test('L12 odd chains', async () => {
  const v02 = 'application/vnd.dev.sigstore.bundle+json;version=0.2'
  const { certificate } = bundle.verificationMaterial
  const { certificate: _, ...material } = bundle.verificationMaterial
  const chain = (certificates: readonly unknown[]) => ({
    evidence: {
      bundle: {
        ...bundle,
        mediaType: v02,
        verificationMaterial: { ...material, x509CertificateChain: { certificates } },
      },
    },
  })
  await expectTrusted(chain([certificate]))
  await expectTrusted(chain(Array(16).fill(certificate)))
  for (const certificates of [
    [],
    Array(17).fill(certificate),
    [{}],
    [null],
    [{ rawBytes: '' }],
    [{ rawBytes: 'MAA=' }],
  ])
    await survives(chain(certificates), JSON.stringify(certificates).slice(0, 80))
  const root64 = { rawBytes: authority.ca.root.der.toString('base64') }
  await expectRefused(chain([root64, certificate]), { code: 'certificate.role' })
})

test('L12 a certificate with extensions that cannot be read', async () => {
  const junk = [
    Buffer.alloc(0),
    Buffer.from([5, 0]),
    Buffer.from([0x30, 0]),
    Buffer.from([0x30, 2, 5, 0]),
    Buffer.from([0x30, 2, 0x30, 0]),
    Buffer.from([0x04, 1, 0]),
    Buffer.from([0x0c, 2, 0xff, 0xfe]),
  ]
  const read = {
    keyUsage: '2.5.29.15',
    san: '2.5.29.17',
    basicConstraints: '2.5.29.19',
    extendedKeyUsage: '2.5.29.37',
    authority: '2.5.29.35',
    subject: '2.5.29.14',
    sct: '1.3.6.1.4.1.11129.2.4.2',
    trigger: '1.3.6.1.4.1.57264.1.20',
  }
  const good = extendedKeyUsage(['codeSigning'])
  await expectTrusted({ evidence: authority.sign({ github: { extendedKeyUsage: null, extraExtensions: [good] } }) })
  for (const [name, oid] of Object.entries(read))
    for (const value of junk) {
      const github = {
        ...(name === 'keyUsage' && { keyUsage: null }),
        ...(name === 'san' && { san: [] }),
        ...(name === 'extendedKeyUsage' && { extendedKeyUsage: null }),
        ...(name === 'sct' && { sct: 'none' as const }),
        ...(name === 'trigger' && { extensions: { buildTrigger: null } }),
        extraExtensions: [{ oid, value }],
      }
      const odd = { evidence: authority.sign({ github }) }
      // Basic constraints that name no authority say what no basic constraints say.
      if (name === 'basicConstraints') await judged(odd)
      else await survives(odd, `${name} ${value.toString('hex')}`)
    }
})

test('L12 a certificate cut anywhere', async () => {
  const der = Buffer.from(bundle.verificationMaterial.certificate?.rawBytes ?? '', 'base64')
  for (let i = 0; i < der.length; i += 3) {
    const cut = replaced(
      bundle,
      ['verificationMaterial', 'certificate', 'rawBytes'],
      der.subarray(0, i).toString('base64'),
    )
    await survives({ evidence: { bundle: cut } }, `first ${i} bytes`)
    const other = Buffer.from(der)
    other[i] = (other[i] ?? 0) ^ 0xff
    const flipped = replaced(bundle, ['verificationMaterial', 'certificate', 'rawBytes'], other.toString('base64'))
    await survives({ evidence: { bundle: flipped } }, `byte ${i}`)
  }
})

test('L12 a timestamp cut or altered anywhere', async () => {
  const stamped = authority.sign({ log: 'v2' })
  const [token] = stamped.timestamps
  if (token === undefined) throw new Error('no timestamp')
  const at = ['verificationMaterial', 'timestampVerificationData', 'rfc3161Timestamps', 0, 'signedTimestamp']
  const withToken = (der: Buffer) => ({ evidence: { bundle: replaced(stamped.bundle, at, der.toString('base64')) } })
  const good = await expectTrusted(withToken(token))
  for (let i = 0; i < token.length; i += 2) {
    await survives(withToken(token.subarray(0, i)), `first ${i} bytes`)
    const other = Buffer.from(token)
    other[i] = (other[i] ?? 0) ^ 0xff
    const { outcome, holds, findings } = await judged(withToken(other))
    // No signature covers the shape around what was signed: where it does not matter, the time must be the same.
    if (outcome === 'trusted') expect(holds, `byte ${i}`).toEqual(good.holds)
    for (const { code } of findings) expect(table).toHaveProperty([code])
  }
})

test('L12 bodies of entries that the log vouches for, and nobody can read', async () => {
  const odd: readonly ((body: Body) => unknown)[] = [
    () => 'no JSON',
    () => '{}',
    () => 'null',
    (body) => ({ ...body, spec: {} }),
    (body) => ({ ...body, spec: { ...body.spec, data: { hash: { algorithm: 'sha256', value: 7 } } } }),
    (body) => ({ ...body, spec: { ...body.spec, data: {} } }),
    (body) => ({ ...body, spec: { ...body.spec, signature: { publicKey: { content: 'AAAA' }, content: {} } } }),
  ]
  for (const body of odd)
    await survives({ evidence: authority.sign({ timestamp: true, logV1: { body } }) }, String(body))
  for (const body of odd.slice(0, 4))
    await survives({ evidence: authority.sign({ log: 'v2', logV2: { body } }) }, String(body))
  const noSignature = (body: Body) => JSON.stringify(body).replace('"signature":', '"signed":')
  const dsse = (body: (it: Body) => unknown) => ({
    evidence: authority.sign({ payload: statement, timestamp: true, logV1: { body } }),
    artifact: { digest: imageDigest },
  })
  await attack(
    dsse((it) => it),
    dsse(noSignature),
    { code: 'log.entry-malformed', verdict: 'inconclusive', demand: '/transparency/log' },
  )
})

test('L12 a root with a part replaced by something odd', async () => {
  const evidence = authority.sign({ timestamp: true })
  await expectTrusted({ evidence, root })
  for (const { path: at } of placesOf(root))
    for (const value of [null, [], {}, '', 'AAAA', -1, '__proto__']) {
      const subject = await judged({ evidence, root: replaced(root, at, value) })
      for (const { code } of subject.findings) expect(table).toHaveProperty([code])
    }
  for (const at of ['tlogs', 'certificateAuthorities', 'ctlogs'])
    await survives({ evidence, root: replaced(root, [at], []) }, at)
})

test('L12 counts of zero demand nothing, and throw nothing', async () => {
  const zero = policyOf({
    id: 'Z',
    candidate: 'signature',
    signer: { issuer: 'https://x.test', identity: { is: 'x' } },
    transparency: { log: 0, sct: 0, time: 0 },
  })
  const bare = authority.sign({
    log: 'none',
    timestamp: false,
    github: { issuer: 'https://x.test', san: 'x', sct: 'none' },
  })
  const at = authority.at.toISOString()
  await expectTrusted({ evidence: bare, policy: zero, at })
  await expectRefused(
    { evidence: createAuthority().sign({ log: 'none', timestamp: false }), policy: zero, at },
    { code: 'certificate.untrusted' },
  )
})

test('L12 legacy layers with odd annotations', async () => {
  const layer = (layerAnnotations: Record<string, string | null>) => ({
    evidence: { signatures: [simpleSigning(authority, { digest: imageDigest, timestamp: true, layerAnnotations })] },
    artifact: { digest: imageDigest, name: imageName },
  })
  await expectTrusted(layer({}))
  const names = [
    'dev.cosignproject.cosign/signature',
    'dev.sigstore.cosign/bundle',
    'dev.sigstore.cosign/certificate',
    'dev.sigstore.cosign/rfc3161timestamp',
  ]
  for (const name of names)
    for (const value of [
      '',
      'null',
      '{}',
      '[]',
      'AAAA',
      '!',
      '__proto__',
      '{"Payload":null}',
      '-----BEGIN CERTIFICATE-----',
    ])
      if (!(name.endsWith('timestamp') && value === 'null'))
        await survives(layer({ [name]: value }), `${name} = ${value}`)
})

test('a null in a bundle is a field that is not there, as protobuf has it', async () => {
  const { bundle } = authority.sign({})
  const { verificationMaterial } = bundle
  await expectTrusted({ evidence: { bundle: { ...bundle, dsseEnvelope: null } } })
  const material = {
    ...verificationMaterial,
    x509CertificateChain: null,
    publicKey: null,
    timestampVerificationData: null,
  }
  await expectTrusted({ evidence: { bundle: { ...bundle, verificationMaterial: material } } })
  const without = { ...bundle, verificationMaterial: { ...verificationMaterial, tlogEntries: null } }
  await expectRefused({ evidence: { bundle: without } }, { code: 'log.absent' })
})
