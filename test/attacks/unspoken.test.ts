/** Digests: what is none, what is of another kind or family, and documents that are about another one. */
import { describe, expect, expectTypeOf, test } from 'vitest'
import { type ConfigDigest, type Digest, isDigest, isForeignDigest } from '../../src/core/digest.ts'
import { readManifest } from '../../src/core/oci.ts'
import { ociDigest } from '../authority/bytes.ts'
import { bundleArtifact, cosign3Signature, referrersIndex } from '../authority/cosign-bundle.ts'
import { type Artifact, artifact } from '../authority/oci.ts'
import { authority, judged } from './harness.ts'
import {
  expectEach,
  expectTold,
  expectTrusted,
  imageAnswer,
  notesOf,
  reference,
  referring,
  release,
  repository,
  signatureOf,
  signedAt,
  tagged,
} from './image-harness.ts'

const { amd64: image, arm64: other } = release()
const hex = image.digest.slice(7)
const layout = [tagged(image), signedAt(image)]
const pinned = (digest: string) => ({ layout, image: `${reference}@${digest}` })

const weapons = [
  'sha256:../../x',
  `sha256:${hex.toUpperCase()}`,
  `sha256:${hex.slice(1)}`,
  `sha256:${hex}0`,
  `SHA256:${hex}`,
  `sha256:${hex}\n`,
  `sha256:${hex} `,
  `sha256:${hex.slice(0, -3)}/..`,
  `sha256:${hex.slice(0, -1)}g`,
  `sha256:${'０'.repeat(64)}`,
  'sha256:',
  hex,
  '',
]

describe('T41 a digest is 64 lower-case digits after its family, and nothing else', () => {
  test('T41 the twin is trusted', () => expectTrusted(pinned(image.digest)))

  test.each(weapons)('T41 %j names no image, no artifact and no blob', async (weapon) => {
    expect(isDigest(weapon)).toBe(false)
    expect(isForeignDigest(weapon)).toBe(false)
    await expect(imageAnswer(pinned(weapon))).rejects.toMatchObject({ code: 'reference.malformed' })
    await expect(judged({ evidence: authority.sign({}), artifact: { digest: weapon } })).rejects.toMatchObject({
      code: 'reference.malformed',
    })
    const document = JSON.parse(image.bytes.toString('utf8')) as { readonly layers: readonly object[] }
    const layers = [{ ...document.layers[0], digest: weapon }]
    expect(readManifest(Buffer.from(JSON.stringify({ ...document, layers })), 64)).toBeUndefined()
  })
})

describe('T89 what is not spoken is not wrong', () => {
  test.each([`sha512:${'0'.repeat(128)}`, `sha384:${'0'.repeat(96)}`])(
    'T89 a pin of another family is never dropped in favour of the tag: %s',
    async (digest) => {
      await expectTrusted({ layout })
      const answer = await expectTold(pinned(digest), { root: 'inconclusive reference.digest-unsupported' })
      expect(answer.subjects[0]?.subject).toEqual({ unresolved: `${reference}@${digest}` })
      // Nothing was asked of the tag.
      expect(answer.subjects[0]?.beside.asked.map(({ question }) => question.ask)).toEqual(['given'])
    },
  )

  test.each([
    'application/vnd.docker.distribution.manifest.v1+prettyjws',
    'application/vnd.docker.distribution.manifest.v1+json',
    'application/vnd.cncf.helm.config.v1+json',
    '',
  ])('T89 an image of a format that is not spoken: %j', async (mediaType) => {
    const foreign: Artifact = { ...image, mediaType }
    await expectEach({ layout: [tagged(foreign), signedAt(image)] }, 'inconclusive registry.media-type-unsupported')
    await expectTrusted({ layout })
  })
})

describe('T88 an answer is about the question', () => {
  const signature = signatureOf(image)

  test('T88 the image itself at the tag of its signatures', async () => {
    const answer = await expectEach(
      { layout: [tagged(image), { artifact: image, reference: `${repository}:sha256-${hex}.sig` }] },
      'rejected signature.absent',
    )
    expect(notesOf(answer)).toContain('signature.subject-foreign')
    await expectTrusted({ layout: [tagged(image), signedAt(image, [signature])] })
  })

  const bundle = cosign3Signature(authority, { of: image })
  const listed = (one: Artifact) => [
    tagged(image),
    { artifact: referrersIndex([one]), reference: `${repository}:sha256-${hex}` },
  ]

  test('T88 a referrer that names another image', async () => {
    await expectTrusted({ layout: listed(bundle.artifact) })
    const moved = bundleArtifact(bundle.bundle, other)
    const answer = await expectEach({ layout: listed(moved) }, 'rejected signature.absent')
    expect(notesOf(answer)).toContain('signature.subject-foreign')
  })

  test('T88 a list that names the image itself, or what is not there', async () => {
    await expectEach({ layout: listed(image) }, 'rejected signature.absent')
    const missing = { ...bundle.artifact, digest: ociDigest(Buffer.from('gone')) }
    const list = JSON.parse(referrersIndex([bundle.artifact]).bytes.toString('utf8')) as { manifests: object[] }
    const gone = artifact('application/vnd.oci.image.index.v1+json', {
      ...list,
      manifests: [{ ...list.manifests[0], digest: missing.digest }],
    })
    const answer = await expectEach(
      { layout: [tagged(image), { artifact: gone, reference: `${repository}:sha256-${hex}` }] },
      'rejected signature.absent',
    )
    expect(notesOf(answer)).toContain('signature.subject-foreign')
  })

  test('T88 a referrer by its own word, whatever the list says', () =>
    expectTrusted({ layout: [tagged(image), referring(bundle.artifact)] }))
})

describe('T101 three hashes called digest', () => {
  const config = (JSON.parse(image.bytes.toString('utf8')) as { readonly config: { readonly digest: string } }).config

  test('T101 the image id is signed instead of the manifest', async () => {
    await expectTrusted({ layout })
    const wrong = signatureOf(image, { digest: config.digest })
    await expectEach({ layout: [tagged(image), signedAt(image, [wrong])] }, 'rejected payload.digest-mismatch')
  })

  test('T101 the image id is no digest of a manifest to the compiler', () => {
    expectTypeOf<ConfigDigest>().not.toExtend<Digest>()
    expectTypeOf<Digest>().not.toExtend<ConfigDigest>()
  })
})
