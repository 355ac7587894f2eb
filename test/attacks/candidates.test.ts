/** Many candidates, junk among them; limits; layouts that were altered; candidates that contradict each other. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cosign3Signature } from '../authority/cosign-bundle.ts'
import { githubDefaults } from '../authority/github.ts'
import { authority, policyFor, policyWith } from './harness.ts'
import {
  expectEach,
  expectTrusted,
  imageAnswer,
  kongAnnotations,
  notesOf,
  referring,
  release,
  signatureOf,
  signedAt,
  tagged,
} from './image-harness.ts'

const { amd64: image, arm64: other } = release()
const policy = policyWith({ annotations: { repo: 'Kong/kong-mesh' }, reference: 'asked' })

/** A fixed shuffle: the same order each run, and none that is nearly sorted. */
const shuffled = <T>(list: readonly T[], seed: string): readonly T[] =>
  [...list.entries()]
    .map(([i, one]) => ({ one, key: createHash('sha256').update(`${seed} ${i}`).digest('hex') }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ one }) => one)

const junk = (count: number) =>
  Array.from({ length: count }, (_, i) => signatureOf(image, { github: { owner: `evil-${i}` } }))
const good = signatureOf(image)
const of = (signatures: Parameters<typeof signedAt>[1]) => ({
  layout: [tagged(image), signedAt(image, signatures)],
  policy,
})

describe('T36 junk beside a good one', () => {
  const crowd = [...junk(50), good]
  test.each(['a', 'b', 'c'])('T36 one good among 50, in any order (%s)', async (seed) => {
    const answer = await expectTrusted(of(shuffled(crowd, seed)))
    expect(notesOf(answer)).toContain('signature.extra')
  })
  test('T36 without the good one', () => expectEach(of(junk(50)), 'rejected identity.san'))

  test('T36 two half-good signatures are no whole one', async () => {
    const a = signatureOf(image, { optional: { repo: 'Evil/kong-mesh' } })
    const b = signatureOf(image, { github: { owner: 'Evil' } })
    await expectEach(of([a, b]), 'rejected annotation.mismatch')
    await expectEach(of([b, a]), 'rejected annotation.mismatch')
    await expectTrusted(of([a, b, good]))
  })

  test('T36 a broken one is a detail beside a good one, and final alone', async () => {
    const { 'dev.cosignproject.cosign/signature': _, ...rest } = good.layer.annotations ?? {}
    const broken = { payload: good.payload, layer: { ...good.layer, annotations: rest } }
    await expectEach(of([broken]), 'rejected signature.malformed')
    await expectTrusted(of([broken, good]))
  })
})

test('T37 more candidates than are looked at: open, unless a good one was seen', async () => {
  const limits = { candidates: 4, layers: 4 }
  await expectEach({ ...of(junk(5)), limits }, 'inconclusive limit.layers')
  await expectTrusted({ ...of([good, ...junk(4)]), limits })
  await expectTrusted({ ...of([...junk(3), good]), limits })
  await expectEach({ ...of(junk(8)), limits: { candidates: 4 } }, 'inconclusive limit.candidates')
})

test('T28 a payload of another size than its manifest announces', async () => {
  const resized = { payload: good.payload, layer: { ...good.layer, size: good.layer.size + 1 } }
  await expectEach(of([resized]), 'inconclusive registry.size-mismatch')
  await expectTrusted(of([good]))
})

test('T38 a payload larger than it may be', async () => {
  const large = signatureOf(image, { optional: { ...kongAnnotations, filler: 'x'.repeat(4000) } })
  await expectTrusted(of([large]))
  await expectEach({ ...of([large]), limits: { payloadBytes: 2000 } }, 'inconclusive registry.too-large')
})

describe('T40 attestations', () => {
  const bundle = (predicateType: string) =>
    cosign3Signature(authority, { of: image, predicateType, annotations: { repo: 'Kong/kong-mesh' } }).artifact
  const sign = 'https://sigstore.dev/cosign/sign/v1'
  const layout = (predicateType: string) => [tagged(image), referring(bundle(predicateType))]
  const annotated = policyWith({ annotations: { repo: 'Kong/kong-mesh' } })

  test('T40 another statement by the right identity is no signature', async () => {
    await expectTrusted({ layout: layout(sign), policy: annotated })
    for (const type of ['https://cosign.sigstore.dev/attestation/vuln/v1', 'https://spdx.dev/Document', `${sign}/`])
      await expectEach({ layout: layout(type), policy: annotated }, 'rejected payload.type')
  })
  test('T40 a demand selects by type, then verifies', async () => {
    const wants = policyWith({ candidate: 'attestation', predicateType: ['https://spdx.dev/Document'] })
    await expectTrusted({ layout: layout('https://spdx.dev/Document'), policy: wants })
    await expectEach(
      { layout: layout('https://cosign.sigstore.dev/attestation/custom/v1'), policy: wants },
      'rejected attestation.absent',
    )
  })
  test('T33 cosign 3 signs no name: a demand for it cannot be told', () =>
    expectEach(
      { layout: layout(sign), policy: policyWith({ reference: 'asked' }) },
      'inconclusive reference.not-signed',
    ))
})

test('T94 a layout that was altered answers nothing', async () => {
  const alter = (folder: string) => {
    const blobs = join(folder, 'blobs/sha256')
    const layer =
      readdirSync(blobs).find((name) => readFileSync(join(blobs, name))[0] === 0x1f) ?? readdirSync(blobs)[0] ?? ''
    const bytes = readFileSync(join(blobs, layer))
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(join(blobs, layer), bytes)
  }
  await expectTrusted(of([good]))
  const answer = await imageAnswer({ ...of([good]), alter })
  expect(answer.verdict).toBe('inconclusive')
  expect(answer.subjects.flatMap(({ findings }) => findings.map(({ code }) => code))).toContain(
    'evidence.digest-mismatch',
  )
})

test('T95 good signatures of different builds: trusted, and said', async () => {
  const second = signatureOf(image, {
    github: { sha: 'b'.repeat(40), runId: '7' },
    optional: { ...kongAnnotations, sha: 'b'.repeat(40) },
  })
  const answer = await expectTrusted(of([good, second]))
  const found = answer.subjects.flatMap(({ findings }) =>
    findings.filter(({ code }) => code === 'signature.contradicts').map((one) => String(one.found)),
  )
  expect(found.join()).toContain(githubDefaults.sha)
  expect(found.join()).toContain('b'.repeat(40))
  expect(notesOf(await expectTrusted(of([good])))).not.toContain('signature.contradicts')
})

test('T101 the digest of the configuration is no digest of a manifest', async () => {
  const { config } = JSON.parse(image.bytes.toString('utf8')) as { config: { digest: string } }
  await expectTrusted({ ...of([good]), image: `docker.io/kong/kuma-cp@${image.digest}` })
  await expectEach({ ...of([good]), image: `docker.io/kong/kuma-cp@${config.digest}` }, 'inconclusive image.malformed')
  await expectEach({ ...of([good]), image: `docker.io/kong/kuma-cp@${other.digest}` }, 'rejected registry.not-found')
})

test('T83 one matcher: the whole name, or anywhere where the policy says so aloud', async () => {
  const by = (identity: object) => ({ ...of([good]), policy: policyFor({ identity }) })
  const pattern =
    'https://github\\.com/Kong/kong-mesh/\\.github/workflows/kuma-_build_publish\\.yaml@refs/tags/2\\.14\\.3'
  await expectTrusted(by({ matches: pattern }))
  await expectEach(by({ matches: pattern.slice(0, -4) }), 'rejected identity.san')
  const loose = await expectTrusted(by({ matches: pattern.slice(0, -4), loose: true }))
  expect(notesOf(loose)).toContain('identity.loose')
})
