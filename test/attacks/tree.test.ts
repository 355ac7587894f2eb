import { expect, test } from 'vitest'
import { ociDigest } from '../authority/bytes.ts'
import { cosign3Signature } from '../authority/cosign-bundle.ts'
import { type Artifact, image, index, mediaTypes } from '../authority/oci.ts'
import { authority, policyWith } from './harness.ts'
import {
  allTrusted,
  expectEach,
  expectTold,
  expectTrusted,
  imageAnswer,
  notesOf,
  reference,
  release,
  repository,
  signatureOf,
  signedAt,
  tagged,
  told,
} from './image-harness.ts'

const it = release()
const own = { ...policyWith(), inherit: ['attestation'] }
const entries = {
  index: [signedAt(it.index)],
  children: [signedAt(it.amd64), signedAt(it.arm64)],
  both: [signedAt(it.index), signedAt(it.amd64), signedAt(it.arm64)],
}
const met = 'trusted requirement.met'
const absent = 'rejected signature.absent'
const platforms = (outcome: string) => ({ 'member linux/amd64': outcome, 'member linux/arm64': outcome })

test.each([
  ['the index, and platforms may inherit', entries.index, policyWith(), allTrusted],
  ['the platforms, and they may inherit', entries.children, policyWith(), { root: absent, ...platforms(met) }],
  ['both, and platforms may inherit', entries.both, policyWith(), allTrusted],
  ['the index, and platforms stand alone', entries.index, own, { root: met, ...platforms(absent) }],
  ['the platforms, and they stand alone', entries.children, own, { root: absent, ...platforms(met) }],
  ['both, and platforms stand alone', entries.both, own, allTrusted],
])('T29 signed is %s', async (_, signed, policy, expected) => {
  const answer = await expectTold({ layout: [tagged(it.index), ...signed], policy }, expected)
  expect(answer.verdict).toBe(Object.values(expected).includes(absent) ? 'rejected' : 'trusted')
  expect(answer.subjects.map(({ subject }) => subject)).toEqual([it.index.digest, it.amd64.digest, it.arm64.digest])
})

test('T29 one platform of two is signed', async () => {
  const layout = [tagged(it.index), signedAt(it.index), signedAt(it.amd64)]
  await expectTold({ layout, policy: own }, { ...allTrusted, 'member linux/arm64': absent })
})

test('T29 a platform inherits from no index that does not list it, and from none when it is asked alone', async () => {
  const other = release('another')
  const layout = [tagged(it.index), signedAt(it.index), tagged(other.index, `${repository}:2.14.2`)]
  await expectTrusted({ layout })
  await expectTold({ layout, image: `${repository}:2.14.2` }, { root: absent, ...platforms(absent) })
  await expectTold({ layout, image: `${reference}@${it.amd64.digest}` }, { root: absent })
})

test('T29 one platform is asked: its index is not judged, and lends what the policy lets it lend', async () => {
  const layout = [tagged(it.index), signedAt(it.index)]
  await expectTold({ layout, platform: 'linux/arm64' }, { 'member linux/arm64': met })
  await expectTold({ layout, platform: 'linux/arm64', policy: own }, { 'member linux/arm64': absent })
  await expectTold(
    { layout: [...layout, signedAt(it.arm64)], platform: 'linux/arm64', policy: own },
    { 'member linux/arm64': met },
  )
})

test('T30 a platform that the image does not have', async () => {
  const layout = [tagged(it.index), ...entries.both]
  await expectTold({ layout, platform: 'linux/amd64' }, { 'member linux/amd64': met })
  for (const platform of ['linux/s390x', 'windows/amd64', 'amd64', '', 'linux/amd64/v3'])
    await expectTold({ layout, platform }, { root: 'rejected image.platform-absent' })
  // Also where the version is older than any promise: that it is not there comes first.
  const policy = policyWith({ from: '3.0.0' })
  await expectTold({ layout, platform: 'linux/s390x', policy }, { root: 'rejected image.platform-absent' })
})

test('T30 a variant is its architecture, and one that is asked must be there', async () => {
  const [v7, v8] = [image({ platform: 'linux/arm/v7' }), image({ platform: 'linux/arm64/v8' })]
  const whole = index([v7, v8])
  const layout = [tagged(whole), signedAt(whole)]
  await expectTold({ layout, platform: 'linux/arm64' }, { 'member linux/arm64/v8': met })
  await expectTold({ layout, platform: 'linux/arm64/v8' }, { 'member linux/arm64/v8': met })
  await expectTold({ layout, platform: 'linux/arm/v6' }, { root: 'rejected image.platform-absent' })
  await expectTold({ layout, platform: 'linux/arm' }, { 'member linux/arm/v7': met })
})

test('T30 an index within an index is judged by name only', async () => {
  const inner = index([image({ platform: 'linux/s390x' })])
  const outer = index([it.amd64, inner])
  const layout = [tagged(outer), signedAt(outer)]
  const nested = 'inconclusive image.nested-index'
  const answer = await expectTold({ layout }, { root: met, 'member linux/amd64': met, 'member index': nested })
  expect(answer.verdict).toBe('inconclusive')
  const plain = index([it.amd64])
  await expectTold({ layout: [tagged(plain), signedAt(plain)] }, { root: met, 'member linux/amd64': met })
  const alone = [tagged(inner), signedAt(inner)]
  await expectTold({ layout: alone }, { root: met, 'member linux/s390x': met })
})

test('T30 the same platform twice is legal: both are judged', async () => {
  const [gzip, zstd] = [image({ content: 'gzip' }), image({ content: 'zstd' })]
  const whole = index([gzip, zstd])
  const layout = [tagged(whole), signedAt(whole), signedAt(gzip)]
  const answer = await imageAnswer({ layout, policy: own })
  expect(answer.subjects.map(({ outcome, platform }) => [platform, outcome])).toEqual([
    [undefined, 'trusted'],
    ['linux/amd64', 'trusted'],
    ['linux/amd64', 'rejected'],
  ])
  expect((await imageAnswer({ layout: [...layout, signedAt(zstd)], policy: own })).verdict).toBe('trusted')
})

test('T30 children without a platform are documents: a note, and nothing about them is asked', async () => {
  const document = { ...image({ content: 'provenance' }), platform: { os: 'unknown', architecture: 'unknown' } }
  const whole = index([it.amd64, document])
  const layout = [tagged(whole), signedAt(whole)]
  const answer = await expectTold({ layout }, { root: met, 'member linux/amd64': met })
  expect(notesOf(answer)).toContain('image.attestation-child')
  const [root] = answer.subjects
  expect(root?.findings.find(({ code }) => code === 'image.attestation-child')?.found).toBe('1')
  expect(JSON.stringify(root?.beside.asked)).not.toContain(document.digest.slice(7))
  expect(notesOf(await expectTrusted({ layout: [tagged(it.index), signedAt(it.index)] }))).not.toContain(
    'image.attestation-child',
  )
})

test('T30 a document that is index and image at once, or says it is the other, is neither', async () => {
  await expectTrusted({ layout: [tagged(it.index), signedAt(it.index)] })
  const document = JSON.parse(it.index.bytes.toString('utf8')) as object
  for (const changes of [
    { layers: [] },
    { config: { mediaType: mediaTypes.config, digest: it.amd64.digest, size: 2 } },
    { mediaType: mediaTypes.manifest },
  ])
    for (const mediaType of [mediaTypes.index, mediaTypes.manifest]) {
      const bytes = Buffer.from(JSON.stringify({ ...document, ...changes }))
      const artifact = { ...it.index, bytes, mediaType, size: bytes.length, digest: ociDigest(bytes) }
      await expectEach({ layout: [tagged(artifact), signedAt(artifact)] }, 'inconclusive image.malformed')
    }
  // An index that is listed as an image would hide its platforms.
  const hidden = tagged({ ...it.index, mediaType: mediaTypes.manifest })
  await expectEach({ layout: [hidden, signedAt(it.index)] }, 'inconclusive image.malformed')
})

test('T30 more members than the limit', async () => {
  const layout = [tagged(it.index), signedAt(it.index)]
  await expectTrusted({ layout, limits: { members: 2 } })
  await expectTold({ layout, limits: { members: 1 } }, { root: 'inconclusive limit.members' })
})

test('the verdict of the request is the worst of its subjects', async () => {
  const layout = [
    tagged(it.index),
    signedAt(it.index),
    signedAt(it.amd64, [signatureOf(it.amd64, { digest: it.index.digest })]),
  ]
  const answer = await imageAnswer({ layout, policy: own })
  expect(answer.verdict).toBe('rejected')
  expect(told(answer)).toEqual({
    root: met,
    'member linux/amd64': 'rejected payload.digest-mismatch',
    'member linux/arm64': absent,
  })
})

test('T29 a signature that is brought along counts once, for a platform or for its index', async () => {
  const bundle = (of: Artifact) => ({
    bundle: { base64: Buffer.from(JSON.stringify(cosign3Signature(authority, { of }).bundle)).toString('base64') },
  })
  const of = { layout: [tagged(it.index)], policy: policyWith() }
  const lent = await expectTrusted({ ...of, given: [bundle(it.index)] })
  expect(notesOf(lent)).not.toContain('signature.extra')
  const own = await expectTold(
    { ...of, given: [bundle(it.amd64)] },
    {
      root: 'rejected payload.digest-mismatch',
      'member linux/amd64': met,
      'member linux/arm64': 'rejected payload.digest-mismatch',
    },
  )
  expect(notesOf(own)).not.toContain('signature.extra')
  expect(notesOf(await expectTrusted({ ...of, given: [bundle(it.index), bundle(it.amd64)] }))).toContain(
    'signature.extra',
  )
})

const rewritten = (artifact: Artifact, bytes: Buffer): Artifact => ({
  ...artifact,
  bytes,
  digest: ociDigest(bytes),
  size: bytes.length,
})

test.each(['manifests', 'Manifests', 'manifeſts'])(
  'T30 an index that lists its images twice, as another decoder would read it, is none: %s',
  async (key) => {
    const evil = release('evil')
    const layout = [tagged(it.index), ...entries.both]
    await expectTrusted({ layout, platform: 'linux/amd64' })
    const text = it.index.bytes.toString('utf8')
    const list = JSON.stringify((JSON.parse(evil.index.bytes.toString('utf8')) as { manifests: unknown }).manifests)
    const bytes = Buffer.from(`${text.slice(0, text.lastIndexOf('}'))},"${key}":${list}}`)
    const twice = rewritten(it.index, bytes)
    await expectEach(
      { layout: [tagged(twice), ...entries.both], platform: 'linux/amd64' },
      'inconclusive image.malformed',
    )
  },
)

test('T30 a manifest with a key of the format in another case is none', async () => {
  const layout = [tagged(it.amd64), signedAt(it.amd64)]
  await expectTrusted({ layout })
  const text = it.amd64.bytes.toString('utf8')
  for (const extra of ['"Manifests":[]', '"Layers":[]', '"Config":{}']) {
    const bytes = Buffer.from(`${text.slice(0, text.lastIndexOf('}'))},${extra}}`)
    const odd = rewritten(it.amd64, bytes)
    await expectEach({ layout: [tagged(odd), signedAt(odd)] }, 'inconclusive image.malformed')
  }
})

test('T89 one member under a digest that we do not speak is told by itself', async () => {
  const document = JSON.parse(it.index.bytes.toString('utf8')) as { manifests: { digest: string; platform: object }[] }
  const [first, second] = document.manifests
  if (first === undefined || second === undefined) throw new Error('two members')
  const digest = `sha512:${'ab'.repeat(64)}`
  const bytes = Buffer.from(JSON.stringify({ ...document, manifests: [first, { ...second, digest }] }))
  const mixed = rewritten(it.index, bytes)
  const layout = [tagged(mixed), signedAt(mixed), { artifact: it.amd64, reference: repository }]
  const answer = await expectTold(
    { layout },
    { root: met, 'member linux/amd64': met, 'member linux/arm64': 'inconclusive reference.digest-unsupported' },
  )
  expect(answer.verdict).toBe('inconclusive')
  expect(answer.subjects[2]?.subject).toEqual({ unresolved: `${repository}@${digest}` })
  await expectTrusted({ layout, platform: 'linux/amd64' })
})
