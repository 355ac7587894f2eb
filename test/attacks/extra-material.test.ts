import { expect, test } from 'vitest'
import { createAuthority, signatureOf } from '../authority/authority.ts'
import { newKey } from '../authority/keys.ts'
import { later } from '../authority/time.ts'
import { attack, authority, codes, expectRefused, expectTrusted, notes, policyOf, policyWith } from './harness.ts'

const other = createAuthority()
const one = authority.sign({})
const over = signatureOf(one.signed)

/** The bundle of `one` with more in it. */
const withMore = (more: { entries?: readonly object[]; tokens?: readonly Uint8Array[] }) => ({
  evidence: {
    bundle: {
      ...one.bundle,
      verificationMaterial: {
        ...one.bundle.verificationMaterial,
        tlogEntries: [...one.entries, ...(more.entries ?? [])],
        timestampVerificationData: {
          rfc3161Timestamps: (more.tokens ?? []).map((token) => ({
            signedTimestamp: Buffer.from(token).toString('base64'),
          })),
        },
      },
    },
  },
})
const strangeEntry = other.logV1(one.signed)
const strangeToken = other.timestamp({ over })

test('T92 an entry of a log that nobody knows beside a good one: a note, and it lends nothing', async () => {
  const bundle = withMore({ entries: [strangeEntry] })
  const subject = await expectTrusted(bundle)
  expect(notes(subject)).toContain('log.unknown')
  const count = (log: number) => policyWith({ transparency: { log } })
  await attack(
    { ...bundle, policy: count(1) },
    { ...bundle, policy: count(2) },
    { code: 'log.unknown', demand: '/transparency/log' },
  )
  const alone = {
    ...one.bundle,
    verificationMaterial: { ...one.bundle.verificationMaterial, tlogEntries: [strangeEntry] },
  }
  await expectRefused({ evidence: { bundle: alone } }, { code: 'log.unknown' })
})

test('T92 a timestamp of an authority that nobody knows beside a good time', async () => {
  const bundle = withMore({ tokens: [strangeToken] })
  expect(notes(await expectTrusted(bundle))).toContain('time.authority-unknown')
  const count = (time: number) => ({ ...bundle, policy: policyWith({ transparency: { time } }) })
  await attack(count(1), count(2), { code: 'time.absent', demand: '/transparency/time' })
  // Its time is not even looked at: outside the certificate, in the future.
  await expectTrusted(withMore({ tokens: [other.timestamp({ over, at: later(authority.at, 9_999_999) })] }))
})

test('T92 an SCT of a log that nobody knows beside a good one', async () => {
  const [log] = authority.ctLogs
  const [strange] = other.ctLogs
  const signed = (...sct: readonly object[]) => ({ evidence: authority.sign({ github: { sct } as object }) })
  const both = signed({ log }, { log: strange })
  expect(notes(await expectTrusted(both))).toContain('sct.log-unknown')
  expect(notes(await expectTrusted(signed({ log: strange }, { log })))).toContain('sct.log-unknown')
  await attack(both, signed({ log: strange }), { code: 'sct.absent', demand: '/transparency/sct' })
  await expectRefused({ ...both, policy: policyWith({ transparency: { sct: 2 } }) }, { code: 'sct.absent' })
})

test('T92 what cannot be read, beside what is enough', async () => {
  const token = Buffer.from('no timestamp at all')
  expect(notes(await expectTrusted(withMore({ tokens: [token] })))).toContain('time.malformed')
  const [entry] = one.entries
  const unspoken = { ...entry, kindVersion: { kind: 'alpine', version: '0.0.1' } }
  expect(notes(await expectTrusted(withMore({ entries: [unspoken] })))).toContain('log.entry-unsupported')
})

test('T92 a known party that speaks against it is no stranger', async () => {
  await attack(
    withMore({ tokens: [authority.timestamp({ over })] }),
    withMore({ tokens: [authority.timestamp({ over: 'else' })] }),
    {
      code: 'time.invalid',
      demand: '/transparency/time',
    },
  )
  const elsewhere = authority.sign({ message: 'something else' }).entries
  await attack(withMore({ entries: [authority.logV1(one.signed)] }), withMore({ entries: elsewhere }), {
    code: 'log.entry-mismatch',
    demand: '/transparency/log',
  })
})

test('T92 where no log and no time is demanded, strangers are notes all the same', async () => {
  const key = newKey()
  const signed = other.sign({ signer: key, timestamp: true })
  const policy = policyOf({
    id: 'KEY',
    candidate: 'signature',
    signer: { keys: [{ key: { base64: Buffer.from(key.pem).toString('base64') } }] },
    transparency: { log: 0 },
  })
  const demanding = { ...policy, requirements: policy.requirements.map((it) => ({ ...it, transparency: { log: 1 } })) }
  const subject = await attack(
    { evidence: signed, policy },
    { evidence: signed, policy: demanding },
    {
      code: 'log.unknown',
      demand: '/transparency/log',
    },
  )
  expect(codes(subject, '')).toContain('pass time.authority-unknown')
})
