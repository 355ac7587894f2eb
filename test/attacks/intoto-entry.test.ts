import { expect, test } from 'vitest'
import { statement } from '../authority/cosign-bundle.ts'
import type { LogEntry } from '../authority/log.ts'
import type { Body } from '../authority/log-bodies.ts'
import { later } from '../authority/time.ts'
import {
  attack,
  authority,
  codes,
  expectRefused,
  expectTrusted,
  imageDigest,
  imageName,
  policyWith,
} from './harness.ts'

const image = { digest: imageDigest, name: imageName }
const signed = statement({ digest: imageDigest })
const by = (options: object) => ({ evidence: authority.sign(options) })
const stranger = authority.githubCertificate({ owner: 'evil' })
const timed = { timestamp: true } as const

test('L16 entries of kind intoto 0.0.1', async () => {
  const entry = (more: object) => ({
    ...by({ payload: signed, ...timed, logV1: { kind: 'intoto', version: '0.0.1', ...more } }),
    artifact: image,
  })
  const demand = '/transparency/log'
  await expectTrusted(entry({}))
  await expectRefused(entry({ verifier: stranger }), { code: 'log.entry-other-key', demand })
  const otherPayload = (body: Body) => {
    const spec = body.spec as { content: { payloadHash: { value: string } } }
    spec.content.payloadHash.value = '00'.repeat(32)
  }
  await expectRefused(entry({ body: otherPayload }), { code: 'log.entry-mismatch', demand })
  const lateBody = (it: LogEntry) => {
    const body = JSON.parse(Buffer.from(it.canonicalizedBody, 'base64').toString())
    it.canonicalizedBody = Buffer.from(JSON.stringify({ ...body, more: 1 })).toString('base64')
  }
  await expectRefused(entry({ alter: lateBody }), { code: 'log.invalid', demand })
  await expectRefused(entry({ body: () => ({ kind: 'intoto', apiVersion: '0.0.1', spec: {} }) }), {
    code: 'log.entry-malformed',
    demand,
  })
})

test('L16 an entry that calls itself intoto 0.0.1, over a body that does not', async () => {
  const entry = (body: (it: Body) => object) => ({
    ...by({ payload: signed, ...timed, logV1: { kind: 'intoto', version: '0.0.1', body } }),
    artifact: image,
  })
  const expected = { code: 'log.entry-malformed', demand: '/transparency/log' } as const
  const twin = entry((it) => it)
  await attack(
    twin,
    entry((it) => ({ ...it, apiVersion: '0.0.2' })),
    expected,
  )
  await attack(
    twin,
    entry((it) => ({ ...it, kind: 'dsse' })),
    expected,
  )
})

test('L16 the time of an entry that does not fit is lent to nobody', async () => {
  const entry = (more: object) => ({
    ...by({ payload: signed, logV1: { kind: 'intoto', version: '0.0.1', ...more } }),
    artifact: image,
    policy: policyWith({ transparency: { log: 0 } }),
  })
  const subject = await attack(entry({}), entry({ verifier: stranger }), { code: 'log.entry-other-key' })
  expect(codes(subject, '/requirements/0/transparency/time')).toEqual(['fail time.absent'])
  const late = { integratedTime: later(authority.at, 700) }
  await expectRefused(entry(late), { code: 'time.outside-certificate', demand: '/transparency/time' })
})

test('L16 other versions are not spoken: could not tell', async () => {
  const alter = (it: LogEntry) => {
    it.kindVersion.version = '0.0.9'
  }
  const bundle = (logV1: object) => ({ ...by({ payload: signed, ...timed, logV1 }), artifact: image })
  await attack(bundle({}), bundle({ alter }), {
    code: 'log.entry-unsupported',
    verdict: 'inconclusive',
    demand: '/transparency/log',
  })
})
