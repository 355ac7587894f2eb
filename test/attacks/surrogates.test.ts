/** T36: what stands beside a good signature cannot spoil it, be it text without a canonical form. */
import { expect, test } from 'vitest'
import { simpleSigning } from '../authority/cosign-legacy.ts'
import { authority, expectTrusted, imageDigest, judged, message } from './harness.ts'

const good = authority.sign({})
const withType = (mediaType: string) => ({ bundle: { ...authority.sign({}).bundle, mediaType } })
const withKind = (kind: string) => {
  const { bundle } = authority.sign({ message })
  const { verificationMaterial: material } = bundle
  const [entry] = material.tlogEntries ?? []
  return {
    bundle: {
      ...bundle,
      verificationMaterial: { ...material, tlogEntries: [{ ...entry, kindVersion: { kind, version: '0.0.1' } }] },
    },
  }
}

test.each([
  ['a lone surrogate as its type', withType('x\ud800')],
  ['an emoji where its type is cut', withType(`${'x'.repeat(99)}😀`)],
  ['a lone surrogate as the kind of its entry', withKind('x\udfff')],
  ['an emoji where the kind is cut', withKind(`${'x'.repeat(63)}😀`)],
])('T36 a bundle with %s', async (_, junk) => {
  await expectTrusted({ evidence: good })
  await expectTrusted({ evidence: [good, junk] })
  const alone = await judged({ evidence: junk })
  expect(alone.outcome).not.toBe('trusted')
  expect(JSON.stringify(alone.findings).isWellFormed()).toBe(true)
})

test('T36 a layer of signatures with a lone surrogate among its annotations', async () => {
  const signature = simpleSigning(authority, { digest: imageDigest })
  const odd = simpleSigning(authority, { digest: imageDigest })
  const junk = { ...odd, layer: { ...odd.layer, annotations: { 'x\ud800': '\udfff' } } }
  const artifact = { digest: imageDigest }
  await expectTrusted({ artifact, evidence: { signatures: [signature] } })
  await expectTrusted({ artifact, evidence: { signatures: [signature, junk] } })
  expect((await judged({ artifact, evidence: { signatures: [junk] } })).outcome).toBe('rejected')
})

test('T36 half a character in the request itself is refused', async () => {
  const artifact = { digest: imageDigest, name: 'docker.io/kong/kuma-cp\ud800' }
  await expect(judged({ artifact, evidence: good })).rejects.toMatchObject({ code: 'request.malformed' })
})
