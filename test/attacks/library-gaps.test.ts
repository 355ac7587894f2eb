import { expect, test } from 'vitest'
import { statement } from '../authority/cosign-bundle.ts'
import { simpleSigning } from '../authority/cosign-legacy.ts'
import { githubDefaults, githubIssuer } from '../authority/github.ts'
import type { LogEntry } from '../authority/log.ts'
import type { Body } from '../authority/log-bodies.ts'
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
  policyFor,
  policyWith,
} from './harness.ts'

/** What the library leaves open (measured), each line a demand of ours. */
const image = { digest: imageDigest, name: imageName }
const signed = statement({ digest: imageDigest })
const by = (options: object) => ({ evidence: authority.sign(options) })
const certified = (github: object) => by({ github })

test('L1 no identity, an empty one, and a part of one', async () => {
  const evidence = authority.sign({})
  await expectTrusted({ evidence })
  for (const identity of [undefined, {}, { is: '' }, { matches: '' }, { host: 'github.com' }])
    await expect(judged({ evidence, policy: policyFor({ identity }) })).rejects.toMatchObject({
      code: 'policy.malformed',
    })
  for (const identity of [
    { is: 'kong-mesh' },
    { is: 'https://github.com/Kong/' },
    { matches: 'kong-mesh' },
    { matches: '.' },
  ])
    await expectRefused(
      { evidence, policy: policyFor({ identity }) },
      { code: 'identity.san', demand: '/signer/identity' },
    )
})

test('L2 a statement about another artifact, or about none', async () => {
  const about = (payload: object) => ({ ...by({ payload }), artifact: image })
  const expected = { code: 'payload.digest-mismatch', demand: '/candidate' } as const
  const other = `sha256:${'5a'.repeat(32)}`
  await attack(about(signed), about(statement({ digest: other })), expected)
  await expectRefused(about(statement({ subject: [] })), expected)
  await expectRefused(about(statement({ subject: [{ name: imageDigest, digest: {} }] })), expected)
  await expectRefused(
    about(statement({ subject: [{ digest: { sha256: imageDigest.slice(7).toUpperCase() } }] })),
    expected,
  )
  const annotations = { digest: imageDigest }
  await expectRefused(about(statement({ digest: other, annotations })), expected)
  const third = [other, other, imageDigest].map((digest) => ({ digest: { sha256: digest.slice(7) } }))
  await expectTrusted(about(statement({ subject: third })))
})

test('L3 any payload type, any predicate type', async () => {
  const typed = (payloadType: string) => ({ ...by({ payload: signed, signing: { payloadType } }), artifact: image })
  const right = 'application/vnd.in-toto+json'
  for (const payloadType of ['text/plain', 'application/json', `${right}; charset=utf-8`, right.toUpperCase(), ''])
    await attack(typed(right), typed(payloadType), { code: 'payload.type', demand: '/candidate' })
  const policy = policyWith({ candidate: 'attestation', predicateType: ['https://slsa.dev/provenance/v1'] })
  const of = (predicateType: string) => ({
    ...by({ payload: statement({ digest: imageDigest, predicateType }) }),
    artifact: image,
    policy,
  })
  for (const predicateType of [
    'https://slsa.dev/provenance/v0.2',
    'https://slsa.dev/provenance/v1/',
    'https://slsa.dev/provenance/V1',
    'https://slsa.dev/provenance',
  ])
    await attack(of('https://slsa.dev/provenance/v1'), of(predicateType), {
      code: 'predicate.type',
      demand: '/predicateType',
    })
})

const stranger = authority.githubCertificate({ owner: 'evil' })
const timed = { timestamp: true } as const

test.each(['hashedrekord', 'dsse', 'intoto'] as const)(
  'L4 an entry that names another key, or junk: %s',
  async (kind) => {
    const entry = (more: object) => ({
      ...by({ payload: signed, ...timed, logV1: { kind, ...more } }),
      artifact: image,
    })
    const expected = { code: 'log.entry-other-key', demand: '/transparency/log' } as const
    await attack(entry({}), entry({ verifier: stranger }), expected)
    const junk = (key: string) => (body: Body) =>
      JSON.stringify(body).replace(/"LS0tLS1CRUdJ[^"]*"/, JSON.stringify(key))
    for (const key of [
      '',
      'AAAA',
      Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----').toString('base64'),
    ])
      await expectRefused(entry({ body: junk(key) }), expected)
  },
)

test('L4 the entry of a log of today names another key', async () => {
  const entry = (logV2: object) => ({ ...by({ log: 'v2', logV2 }) })
  await attack(entry({}), entry({ verifier: stranger }), { code: 'log.entry-other-key', demand: '/transparency/log' })
})

test('L5 a certificate for another use, or an authority, may not sign code', async () => {
  const wrong = [
    { extendedKeyUsage: ['serverAuth'] },
    { extendedKeyUsage: ['any'] },
    { extendedKeyUsage: ['timeStamping', 'clientAuth'] },
    { extendedKeyUsage: null },
    { isCA: true },
    { keyUsage: ['keyCertSign'] },
    { keyUsage: null },
  ]
  for (const github of wrong)
    await attack(certified({}), certified(github), { code: 'certificate.role', demand: '/signer' })
  await expectTrusted(certified({ extendedKeyUsage: ['serverAuth', 'codeSigning'], isCA: false }))
})

test('L6 two names, no name, names of other kinds', async () => {
  const { owner, repository, workflow, ref } = githubDefaults
  const san = `https://github.com/${owner}/${repository}/${workflow}@${ref}`
  const evil = san.replace('Kong', 'evil')
  const wrong = [
    [san, evil],
    [evil, san],
    [san, san],
    [],
    [{ type: 'dns', value: san }],
    [san, { type: 'email', value: 'a@evil.test' }],
  ]
  for (const names of wrong)
    await attack(certified({ san }), certified({ san: names }), { code: 'certificate.names', demand: '/signer' })
})

test('L6 two issuers that differ', async () => {
  const expected = { code: 'certificate.issuer-disagrees', demand: '/signer' } as const
  await attack(certified({ issuerV1: githubIssuer }), certified({ issuerV1: 'https://evil.test' }), expected)
  await expectRefused(certified({ issuer: 'https://evil.test', issuerV1: githubIssuer }), expected)
  await expectTrusted(certified({ issuerV1: null }))
})

test('L6 an extension that stands twice', async () => {
  for (const extension of ['issuer', 'issuerV1', 'buildTrigger', 'sourceRepositoryURI', '2.5.29.17'])
    for (const first of [true, false])
      for (const value of [undefined, Buffer.from([0x0c, 1, 0x78])])
        await expectRefused(certified({ duplicateExtension: { extension, first, ...(value && { value }) } }), {
          code: 'certificate.extension-twice',
          demand: '/signer',
        })
  await expectTrusted(certified({}))
})

test('L7 a log that had gone out of service, whether it promised or proved', async () => {
  const ended = (end: Date) => authority.trustedRoot({ tlog: { end } })
  const [at, before] = [later(authority.at, 2), later(authority.at, -60)]
  const expected = { code: 'log.unknown', demand: '/transparency/log' } as const
  for (const options of [{ log: 'v2' }, { ...timed, logV1: { promise: false } }]) {
    const bundle = by(options)
    await attack({ ...bundle, root: ended(at) }, { ...bundle, root: ended(before) }, expected)
    // The end itself still counts.
    await expectTrusted({ ...bundle, root: ended(at) })
    await expectRefused({ ...bundle, root: ended(later(at, -1)) }, expected)
  }
  await expectRefused({ ...by({}), root: ended(before) }, { code: 'log.invalid', demand: '/transparency/log' })
  const start = later(authority.at, 60)
  await expectRefused({ ...by({ log: 'v2' }), root: authority.trustedRoot({ tlog: { start } }) }, expected)
})

test('L7 a log without a beginning is good for no time', async () => {
  const bundle = by({ log: 'v2' })
  const unbounded = authority.trustedRoot({ tlog: { start: null } })
  const subject = await attack(
    bundle,
    { ...bundle, root: unbounded },
    { code: 'log.unknown', demand: '/transparency/log' },
  )
  expect(notes(subject)).toContain('trust.entry-unusable')
  await expectRefused({ ...bundle, root: authority.trustedRoot({ tlog: null }) }, { code: 'log.unknown' })
})

test('L8 what is counted are operators: two entries of one log are one, so are their times', async () => {
  const one = authority.sign({})
  const two = { ...one.bundle.verificationMaterial, tlogEntries: [...one.entries, authority.logV1(one.signed)] }
  const evidence = { bundle: { ...one.bundle, verificationMaterial: two } }
  const demanding = (transparency: object) => ({ evidence, policy: policyWith({ transparency }) })
  await attack(demanding({ log: 1, time: 1 }), demanding({ log: 2 }), {
    code: 'log.absent',
    demand: '/transparency/log',
  })
  await attack(demanding({}), demanding({ time: 2 }), { code: 'time.absent', demand: '/transparency/time' })
})

test('L9 a promise alone: enough in bundles v0.1 and in the legacy form, with a note; never in v0.2 and v0.3', async () => {
  // Bundles v0.2 must bring the proof by the bundle's specification, and sigstore-conformance refuses them without.
  const promised = (version: string) => ({ ...by({ logV1: { proof: false }, bundle: { version } }) })
  const expected = { code: 'log.proof-absent', demand: '/transparency/log' } as const
  const subject = await attack(promised('0.1'), promised('0.3'), expected)
  expect(notes(subject)).not.toContain('log.promise-only')
  await expectRefused(promised('0.2'), expected)
  expect(notes(await expectTrusted(promised('0.1')))).toContain('log.promise-only')
  const signatures = [simpleSigning(authority, { digest: imageDigest })]
  expect(notes(await expectTrusted({ evidence: { signatures }, artifact: image }))).toContain('log.promise-only')
})

test('L9 relabelled, a bundle without its proof: a policy may demand it everywhere', async () => {
  const policy = policyWith({ transparency: { proof: true } })
  const old = (proof: boolean) => ({ ...by({ logV1: { proof }, bundle: { version: '0.1' } }), policy })
  await attack(old(true), old(false), { code: 'log.proof-absent', demand: '/transparency/proof' })
  const signatures = [simpleSigning(authority, { digest: imageDigest })]
  await expectRefused({ evidence: { signatures }, artifact: image, policy }, { code: 'log.proof-absent' })
})

test('L9 a bundle of v0.1 must bring the promise, whatever proof it has', async () => {
  const timedOld = (promise: boolean) => by({ ...timed, logV1: { promise }, bundle: { version: '0.1' } })
  await attack(timedOld(true), timedOld(false), { code: 'signature.malformed' })
  await expectTrusted(by({ ...timed, logV1: { promise: false }, bundle: { version: '0.2' } }))
})

test('L10 size and root beside an intact checkpoint are not believed', async () => {
  const alter = (entry: LogEntry) => {
    if (entry.inclusionProof === undefined) return
    entry.inclusionProof.treeSize = '987654321'
    entry.inclusionProof.rootHash = Buffer.alloc(32, 0xaa).toString('base64')
  }
  const shown = async (logV1: object) => {
    const subject = await judged(by({ ...timed, logV1 }))
    return { subject, found: String(subject.findings.find(({ code }) => code === 'log.checkpoint')?.found) }
  }
  const plain = await shown({})
  const altered = await shown({ alter })
  expect(plain.subject.outcome).toBe('trusted')
  expect(altered.subject.outcome).toBe('trusted')
  const text = JSON.stringify(altered.subject.findings)
  for (const false_ of ['987654321', Buffer.alloc(32, 0xaa).toString('base64')]) expect(text).not.toContain(false_)
  expect(altered.found).toMatch(/, size \d+, root [A-Za-z0-9+/]{43}=$/)
  expect(plain.found.split(',')[0]).toBe(altered.found.split(',')[0])
})

test('L10 another index is another place in the tree', async () => {
  const alter = (entry: LogEntry) => {
    if (entry.inclusionProof !== undefined) entry.inclusionProof.logIndex = '0'
  }
  await attack(by({ log: 'v2' }), by({ log: 'v2', logV2: { alter } }), {
    code: 'log.invalid',
    demand: '/transparency/log',
  })
})
