import { expect, test } from 'vitest'
import { newKey } from '../authority/keys.ts'
import { createLogV1 } from '../authority/log.ts'
import { later } from '../authority/time.ts'
import { attack, authority, decisive, expectRefused, judged, policyOf, policyWith } from './harness.ts'

const demand = '/transparency/log'
const twoLogs = policyWith({ transparency: { log: 2 } })
const second = createLogV1('https://second.authority.test')
/** The second log under an operator of its own, or under the same as everything else. */
const withSecond = (operator?: string) =>
  authority.trustedRoot({
    logs: [second],
    edit: (it) => {
      const last = it.tlogs.at(-1)
      if (last !== undefined && operator !== undefined) last.operator = operator
    },
  })

test('T18 copies of one entry reach no threshold', async () => {
  const one = authority.sign({})
  const entries = (tlogEntries: readonly object[]) => ({
    evidence: { bundle: { ...one.bundle, verificationMaterial: { ...one.bundle.verificationMaterial, tlogEntries } } },
    policy: twoLogs,
    root: withSecond('another'),
  })
  const [entry] = one.entries
  if (entry === undefined) throw new Error('no entry')
  const elsewhere = authority.logV1(one.signed, { log: second })
  await attack(entries([entry, elsewhere]), entries([entry, entry]), { code: 'log.absent', demand })
  const again = authority.logV1(one.signed)
  const subject = await expectRefused(entries([entry, again]), { code: 'log.absent', demand })
  expect(decisive(subject)).toMatchObject({ expected: '2', found: '1' })
  // "01" is no number that protobuf writes: two readers could see two indexes.
  await expectRefused(entries([entry, { ...entry, logIndex: `0${entry.logIndex}` }]), {
    code: 'bundle.malformed',
    verdict: 'inconclusive',
  })
})

test('T18 two logs of one operator are one', async () => {
  const one = authority.sign({})
  const evidence = {
    bundle: {
      ...one.bundle,
      verificationMaterial: {
        ...one.bundle.verificationMaterial,
        tlogEntries: [...one.entries, authority.logV1(one.signed, { log: second })],
      },
    },
  }
  const under = (operator?: string) => ({ evidence, policy: twoLogs, root: withSecond(operator) })
  await attack(under('another'), under(), { code: 'log.absent', demand })
})

test('T18 two timestamps of one authority, of two authorities of one operator, are one', async () => {
  const tsa = authority.createTsa({ newRoot: true, organization: 'second.test' })
  const one = authority.sign({ log: 'v2' })
  const over = 'signature' in one.signed ? one.signed.signature : ''
  const policy = policyWith({ transparency: { time: 2 } })
  const with2 = (tokens: readonly Buffer[], operator?: string) => ({
    evidence: {
      bundle: {
        ...one.bundle,
        verificationMaterial: {
          ...one.bundle.verificationMaterial,
          timestampVerificationData: {
            rfc3161Timestamps: tokens.map((token) => ({ signedTimestamp: token.toString('base64') })),
          },
        },
      },
    },
    policy,
    root: authority.trustedRoot({
      tsas: [tsa],
      edit: (it) => {
        const last = it.timestampAuthorities.at(-1)
        if (last !== undefined && operator !== undefined) last.operator = operator
      },
    }),
  })
  const own = authority.timestamp({ over })
  const theirs = authority.timestamp({ over, tsa })
  const expected = { code: 'time.absent', demand: '/transparency/time' } as const
  await attack(with2([own, theirs], 'another'), with2([own, theirs]), expected)
  await expectRefused(with2([own, own], 'another'), expected)
  await expectRefused(with2([own, authority.timestamp({ over, at: later(authority.at, 9) })], 'another'), expected)
})

test('T18 signatures of one key reach no threshold of two', async () => {
  const [a, b] = [newKey(), newKey()]
  const keys = [a, b].map((key) => ({ key: { base64: Buffer.from(key.pem).toString('base64') } }))
  const policy = policyOf({
    id: 'TWO',
    candidate: 'signature',
    signer: { keys },
    threshold: 2,
    transparency: { log: 0 },
  })
  const by = (...signers: (typeof a)[]) => ({
    evidence: signers.map((signer) => authority.sign({ signer, log: 'none', timestamp: false })),
    policy,
  })
  const subject = await attack(by(a, b), by(a, a, a), { code: 'signature.absent' })
  expect(decisive(subject)).toMatchObject({ expected: '2', found: '1' })
})

test('T18 one key is one, however often and in whatever form the policy names it', async () => {
  const [one, two] = [newKey('p384'), newKey('p384')]
  const bare = { log: 'none', timestamp: false } as const
  const by = (signer: typeof one, hash: 'sha256' | 'sha384') => authority.sign({ signer, signing: { hash }, ...bare })
  const named = (key: typeof one, hash: 'sha256' | 'sha384') => ({
    key: { base64: Buffer.from(key.pem).toString('base64') },
    hash,
  })
  const policy = (...keys: readonly ReturnType<typeof named>[]) =>
    policyOf({ id: 'KEY', candidate: 'signature', signer: { keys }, threshold: 2, transparency: { log: 0 } })
  const three = policy(named(one, 'sha256'), named(one, 'sha384'), named(two, 'sha384'))
  await attack(
    { evidence: [by(one, 'sha256'), by(two, 'sha384')], policy: three },
    { evidence: [by(one, 'sha256'), by(one, 'sha384')], policy: three },
    { code: 'signature.absent' },
  )
  const refused = (...keys: readonly ReturnType<typeof named>[]) =>
    expect(judged({ evidence: by(two, 'sha384'), policy: policy(...keys) })).rejects.toMatchObject({
      code: 'policy.malformed',
    })
  await refused(named(one, 'sha256'), named(one, 'sha384'))
  await refused(named(one, 'sha384'), { key: { base64: one.spki.toString('base64') }, hash: 'sha384' })
})
