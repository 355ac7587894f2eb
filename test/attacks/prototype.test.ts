import { expect, test } from 'vitest'
import { statement } from '../authority/cosign-bundle.ts'
import { simpleSigning } from '../authority/cosign-legacy.ts'
import {
  attack,
  authority,
  expectRefused,
  expectTrusted,
  imageDigest,
  imageName,
  judged,
  policyFor,
  policyWith,
} from './harness.ts'

const artifact = { digest: imageDigest, name: imageName }
/** A policy that names the first of all does not load (below). */
const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'prototype']
/** With an own key of any name, as `JSON.parse` makes it. */
const own = (key: string, value: unknown): object => JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`)
const demanding = (annotations: object) => policyWith({ annotations })

const forms = {
  'simple signing': (optional: object | null) => ({
    evidence: {
      signatures: [simpleSigning(authority, { digest: imageDigest, optional: optional as Record<string, unknown> })],
    },
    artifact,
  }),
  statement: (annotations: object | null) => ({
    evidence: authority.sign({
      payload: statement({ subject: [{ digest: { sha256: imageDigest.slice(7) }, annotations }] }),
    }),
    artifact,
  }),
}

test.each(Object.entries(forms))('T79 annotations by the name of what every object has: %s', async (_form, signed) => {
  for (const name of names) {
    const policy = demanding(own(name, 'mine'))
    const demand = `/annotations/${name}`
    await attack(
      { ...signed(own(name, 'mine')), policy },
      { ...signed({}), policy },
      { code: 'annotation.absent', demand },
    )
    await expectRefused({ ...signed(null), policy }, { code: 'annotation.absent', demand })
    await expectRefused({ ...signed(own(name, 'theirs')), policy }, { code: 'annotation.mismatch', demand })
  }
})

test.each(Object.entries(forms))('T79 an object under __proto__ lends nothing: %s', async (_form, signed) => {
  const policy = demanding({ repo: 'Kong/kong-mesh' })
  const hidden = [
    own('__proto__', { repo: 'Kong/kong-mesh' }),
    own('constructor', { prototype: { repo: 'Kong/kong-mesh' } }),
  ]
  for (const annotations of hidden)
    await attack(
      { ...signed({ repo: 'Kong/kong-mesh' }), policy },
      { ...signed(annotations), policy },
      {
        code: 'annotation.absent',
        demand: '/annotations/repo',
      },
    )
  expect({}).not.toHaveProperty('repo')
})

test('T79 a bundle whose parts lie under __proto__ has none', async () => {
  const { bundle } = authority.sign({})
  const { messageSignature, ...rest } = bundle
  const text = JSON.stringify(rest)
  const hidden = `${text.slice(0, -1)},"__proto__":${JSON.stringify({ messageSignature })}}`
  await attack({ evidence: { bundle } }, { evidence: { bundle: hidden } }, { code: 'signature.malformed' })
  const { tlogEntries, ...material } = bundle.verificationMaterial
  const inner = JSON.stringify({ ...bundle, verificationMaterial: '?' }).replace(
    '"?"',
    `${JSON.stringify(material).slice(0, -1)},"__proto__":${JSON.stringify({ tlogEntries })}}`,
  )
  await expectRefused({ evidence: { bundle: inner } }, { code: 'log.absent' })
  const beside = `${JSON.stringify(bundle).slice(0, -1)},"__proto__":{"admin":true}}`
  const subject = await expectTrusted({ evidence: { bundle: beside } })
  expect(subject.findings.find(({ code }) => code === 'bundle.fields-unknown')?.found).toBe('__proto__')
  expect({}).not.toHaveProperty('admin')
})

test('T79 a policy with such a key does not load: what is not known is refused', async () => {
  const evidence = authority.sign({})
  await expectTrusted({ evidence })
  for (const name of ['__proto__', 'constructor', 'prototype']) {
    const extra = own(name, { threshold: 0 })
    const places = [
      JSON.stringify(policyWith()).replace('{', `{${JSON.stringify(extra).slice(1, -1)},`),
      JSON.stringify(policyWith()).replace('{"id"', `{${JSON.stringify(extra).slice(1, -1)},"id"`),
      JSON.stringify(policyFor({})).replace('{"issuer"', `{${JSON.stringify(extra).slice(1, -1)},"issuer"`),
      JSON.stringify(policyFor({})).replace(
        '{"buildTrigger"',
        `{${JSON.stringify(own(name, 'push')).slice(1, -1)},"buildTrigger"`,
      ),
    ]
    for (const text of [...places, ...(name === '__proto__' ? [JSON.stringify(demanding(extra))] : [])])
      await expect(judged({ evidence, policy: JSON.parse(text) }), text).rejects.toMatchObject({
        code: 'policy.malformed',
      })
  }
})

test('T79 digests and roots with such keys', async () => {
  const subject = JSON.parse(`{"digest":{"__proto__":{"sha256":"${imageDigest.slice(7)}"}}}`)
  const about = (one: object) => ({ evidence: authority.sign({ payload: statement({ subject: [one] }) }), artifact })
  const refused = await judged(about(subject))
  expect(refused.outcome).toBe('rejected')
  await expectTrusted(about({ digest: { sha256: imageDigest.slice(7) } }))
  const { tlogs, ...rest } = authority.trustedRoot()
  const hidden = JSON.parse(`${JSON.stringify(rest).slice(0, -1)},"__proto__":${JSON.stringify({ tlogs })}}`)
  await expectRefused({ ...about({ digest: { sha256: imageDigest.slice(7) } }), root: hidden }, { code: 'log.unknown' })
})
