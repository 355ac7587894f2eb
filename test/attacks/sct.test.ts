import { expect, test } from 'vitest'
import { newKey } from '../authority/keys.ts'
import { later } from '../authority/time.ts'
import { attack, authority, expectRefused, expectTrusted, judged, notes, policyFor, policyWith } from './harness.ts'

const at = (seconds: number) => later(authority.at, seconds)
const ct = (github: object, more: object = {}) => ({ evidence: authority.sign({ github }), ...more })
const sctDemand = '/transparency/sct'

test('T23 no certificate timestamp, an empty list, one of an unknown log', async () => {
  for (const sct of ['none', 'empty', 'unknown-log'])
    await attack(ct({ sct: 1 }), ct({ sct }), { code: 'sct.absent', demand: sctDemand })
  expect(notes(await judged(ct({ sct: 'unknown-log' })))).toContain('sct.log-unknown')
})

test('T23 a certificate timestamp that was altered, or made for another certificate', async () => {
  const [log] = authority.ctLogs
  const withOne = (one: object) => ct({ sct: [{ log, ...one }] })
  for (const one of [{ alter: 'signature' }, { alter: 'time' }, { issuerSpki: newKey().spki }])
    await attack(withOne({}), withOne(one), { code: 'sct.invalid', demand: sctDemand })
  const afterSct = (parts: { extensions: readonly object[] }) => ({
    ...parts,
    extensions: [...parts.extensions, { oid: '1.2.3.4', value: Buffer.from([5, 0]) }],
  })
  await expectRefused(ct({ afterSct }), { code: 'sct.invalid', demand: sctDemand })
})

test('T23 a log of certificates that was not in service then', async () => {
  const until = (end: Date) => ct({}, { root: authority.trustedRoot({ ctlog: { end } }) })
  await attack(until(at(0)), until(at(-1)), { code: 'sct.invalid', demand: sctDemand })
})

test('T23 the policy states the number; none demanded is none needed', async () => {
  const none = { ...ct({ sct: 'none' }), policy: policyWith({ transparency: { sct: 0 } }) }
  await expectTrusted(none)
  await expectRefused({ ...none, policy: policyFor({}) }, { code: 'sct.absent', demand: sctDemand })
  const two = policyWith({ transparency: { sct: 2 } })
  await expectRefused({ ...ct({ sct: 2 }), policy: two }, { code: 'sct.absent', demand: sctDemand })
})
