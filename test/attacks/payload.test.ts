import { describe, expect, test } from 'vitest'
import type { SimpleSigningOptions } from '../authority/cosign-legacy.ts'
import { decisive, policyWith } from './harness.ts'
import {
  expectEach,
  expectTrusted,
  imageAnswer,
  kongAnnotations,
  notary,
  notesOf,
  reference,
  release,
  repository,
  signatureOf,
  signedAt,
  tagged,
} from './image-harness.ts'

const it = release()
const image = it.amd64
const policy = policyWith({ annotations: { repo: 'Kong/kong-mesh' }, reference: 'asked' })
/** The image, and one signature that differs from a good one by these. */
const signed = (changes: Partial<SimpleSigningOptions> = {}) => ({
  layout: [tagged(image), signedAt(image, [signatureOf(image, changes)])],
  policy,
})
const good = {
  critical: {
    identity: { 'docker-reference': 'index.docker.io/kong/kuma-cp' },
    image: { 'docker-manifest-digest': image.digest },
    type: 'cosign container image signature',
  },
  optional: kongAnnotations,
}
const raw = (text: string) => signed({ rawPayload: text })

test('the twin of what follows is trusted', () => expectTrusted(signed()))

test('T31 annotations beside the payload are nobody’s word', async () => {
  const outside = { layerAnnotations: { repo: 'Kong/kong-mesh' } }
  await expectTrusted(signed(outside))
  await expectEach(signed({ ...outside, optional: { repo: 'Evil/kong-mesh' } }), 'rejected annotation.mismatch')
  await expectEach(signed({ ...outside, optional: {} }), 'rejected annotation.absent')
  await expectEach(signed({ ...outside, optional: null }), 'rejected annotation.absent')
  // Right inside, wrong outside: what is not signed is not read.
  await expectTrusted(signed({ layerAnnotations: { repo: 'Evil/kong-mesh' } }))
})

test('T31 an annotation is text: nothing else is turned into it', async () => {
  for (const repo of [['Kong/kong-mesh'], { toString: 'Kong/kong-mesh' }, null, true])
    await expectEach(signed({ optional: { repo } }), 'rejected annotation.mismatch')
})

test('T31 the signed commit must be that of the certificate, where it is demanded', async () => {
  const sha = policyWith({ annotations: { sha: { certificate: 'sourceRepositoryDigest', optional: true } } })
  await expectTrusted({ ...signed(), policy: sha })
  await expectTrusted({ ...signed({ optional: { repo: 'Kong/kong-mesh' } }), policy: sha })
  await expectEach(
    { ...signed({ optional: { ...kongAnnotations, sha: '0'.repeat(40) } }), policy: sha },
    'rejected annotation.mismatch',
  )
  const mandatory = policyWith({ annotations: { sha: { certificate: 'sourceRepositoryDigest' } } })
  await expectTrusted({ ...signed(), policy: mandatory })
  await expectEach({ ...signed({ optional: {} }), policy: mandatory }, 'rejected annotation.absent')
  const lacking = { github: { extensions: { sourceRepositoryDigest: null } } }
  await expectEach({ ...signed(lacking), policy: mandatory }, 'rejected certificate.extension-absent')
})

test('T32 a signature of another image', async () => {
  await expectEach(signed({ digest: it.arm64.digest }), 'rejected payload.digest-mismatch')
  const moved = [tagged(image), signedAt(image, [signatureOf(it.index)])]
  await expectEach({ layout: moved, policy }, 'rejected payload.digest-mismatch')
  for (const digest of [
    image.digest.toUpperCase(),
    image.digest.slice(7),
    `${image.digest} `,
    `${image.digest}\n`,
    `SHA256:${image.digest.slice(7)}`,
    '',
  ])
    await expectEach(signed({ digest }), 'rejected payload.digest-mismatch')
})

test('T33 a signed name that is not the one asked', async () => {
  for (const name of [
    'index.docker.io/kong/kuma-dp',
    'kong/kuma-cp-evil',
    'registry.example/kong/kuma-cp',
    'docker.io/kong/kuma-cp/x',
    'docker.io/Kong/kuma-cp',
    '',
  ])
    await expectEach(signed({ reference: name }), 'rejected reference.mismatch')
  for (const name of ['docker.io/kong/kuma-cp', 'kong/kuma-cp', 'registry-1.docker.io/kong/kuma-cp:2.14.3'])
    await expectTrusted(signed({ reference: name }))
})

test('T33 without the demand another name is a note', async () => {
  const answer = await expectTrusted({ ...signed({ reference: 'index.docker.io/kong/kuma-dp' }), policy: policyWith() })
  expect(notesOf(answer)).toContain('reference.signed-for')
})

test('T33 a mirror is known by the name it is mapped to, and only then', async () => {
  const mirror = 'mirror.example/hub/kuma-cp'
  const layout = [tagged(image, `${mirror}:2.14.3`), signedAt(image, [signatureOf(image)], mirror)]
  const asked = { layout, policy, image: `${mirror}:2.14.3` }
  await expectTrusted({ ...asked, mirrors: { [mirror]: repository } })
  await expectEach(asked, 'rejected reference.mismatch')
  await expectEach({ ...asked, mirrors: { [mirror]: 'docker.io/kong/kuma-dp' } }, 'rejected reference.mismatch')
})

test('T33 a policy may name the name itself', async () => {
  const layout = [
    tagged(image, 'registry.example/copy:1'),
    signedAt(image, [signatureOf(image)], 'registry.example/copy'),
  ]
  const named = (name: string) => ({
    layout,
    policy: policyWith({ reference: name }),
    image: 'registry.example/copy:1',
  })
  await expectTrusted(named(repository))
  await expectTrusted(named('kong/kuma-cp'))
  await expectEach(named('docker.io/kong/kuma-dp'), 'rejected reference.mismatch')
})

test('T34 a payload of another type, which cosign lets pass', async () => {
  for (const type of [
    'atomic container signature',
    'Cosign container image signature',
    'cosign container image signature ',
    '',
  ])
    await expectEach(signed({ type }), 'rejected payload.type')
})

test('T34 a layer of another type holds no candidate: a note says so', async () => {
  const { layer, payload } = signatureOf(image)
  for (const mediaType of [
    'application/vnd.oci.image.layer.v1.tar',
    'application/vnd.dev.cosign.simplesigning.v1',
    '',
  ]) {
    const answer = await expectEach(
      { layout: [tagged(image), signedAt(image, [{ payload, layer: { ...layer, mediaType } }])], policy },
      'rejected signature.absent',
    )
    expect(notesOf(answer)).toContain('signature.layer-foreign')
  }
})

describe('T35 two readers, two truths', () => {
  const text = JSON.stringify(good)
  const digest = `"docker-manifest-digest":"${image.digest}"`
  const other = `"docker-manifest-digest":"${it.arm64.digest}"`

  test('the payload as it is', () => expectTrusted(raw(text)))

  test.each([
    ['the same key, right first', text.replace(digest, `${digest},${other}`)],
    ['the same key, right last', text.replace(digest, `${other},${digest}`)],
    ['the same key and the same value', text.replace(digest, `${digest},${digest}`)],
    ['another case, right first', text.replace(digest, `${digest},${other.replace('docker', 'Docker')}`)],
    ['another case, right last', text.replace(digest, `${other.replace('docker', 'Docker')},${digest}`)],
    ['an escape for a letter', text.replace(digest, `${digest},${other.replace('docker', '\\u0064ocker')}`)],
    ['annotations twice', text.replace('"optional":', '"optional":{"repo":"Evil/x"},"optional":')],
    ['annotations twice, another case', text.replace('"optional":', '"Optional":{"repo":"Evil/x"},"optional":')],
    ['one annotation twice', text.replace('"repo":', '"repo":"Evil/x","repo":')],
    ['critical twice', text.replace('"critical":', '"critical":{},"critical":')],
  ])('T35 %s', async (_, payload) => {
    expect(payload).not.toBe(text)
    await expectEach(raw(payload), 'rejected payload.duplicate-key')
  })

  test('T35 only another case is no key at all', () =>
    expectEach(raw(text.replace('"docker-manifest-digest"', '"Docker-manifest-digest"')), 'rejected payload.malformed'))

  test.each([
    ['no JSON', text.slice(0, -1)],
    ['JSON and more', `${text}{}`],
    ['a list', `[${text}]`],
    ['text', JSON.stringify(text)],
    ['nothing', '{}'],
    ['a byte order mark', `\ufeff${text}`],
    ['a digest in a list', text.replace(`"${image.digest}"`, `["${image.digest}"]`)],
  ])('T35 what does not read as a payload is none: %s', async (_, payload) => {
    await expectEach(raw(payload), 'rejected payload.malformed')
  })
})

test('what is decisive says what was expected and found', async () => {
  const { subjects } = await imageAnswer(signed({ digest: it.arm64.digest }))
  const [subject] = subjects
  if (subject === undefined) throw new Error('no subject')
  expect(decisive(subject)).toMatchObject({ expected: image.digest, found: it.arm64.digest })
})

test('signatures are looked for where the policy, the request or the image keeps them', async () => {
  const kept = { layout: [tagged(image), signedAt(image, [signatureOf(image)], notary)], policy }
  await expectEach(kept, 'rejected signature.absent')
  await expectTrusted({ ...kept, signatureRepository: notary })
  await expectTrusted({ ...kept, policy: { ...policy, images: [{ name: repository, signatures: notary }] } })
  await expectEach({ ...kept, signatureRepository: 'docker.io/kong/other' }, 'inconclusive evidence.offline')
  expect(reference.startsWith(repository)).toBe(true)
})
