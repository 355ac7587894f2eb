/** T37, T38: counts and sizes, with small limits in place of large documents. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { limits as defaults } from '../../src/core/limits.ts'
import { readGiven } from '../../src/judge/bare-envelopes.ts'
import { readDownloaded } from '../../src/verify/signature/simple-signing.ts'
import { cosign3Signature, referrersIndex } from '../authority/cosign-bundle.ts'
import { legacyAttestation } from '../authority/cosign-legacy.ts'
import { generatorCertificate, provenance } from '../authority/provenance.ts'
import { authority, expectRefused, expectTrusted as expectTrustedBundle, judged, policyOf } from './harness.ts'
import { expectEach, expectTrusted, release, repository, signatureOf, signedAt, tagged } from './image-harness.ts'

const { amd64: image } = release()
const bundles = (count: number) => Array.from({ length: count }, () => cosign3Signature(authority, { of: image }))
const strangers = Array.from({ length: 3 }, (_, i) =>
  cosign3Signature(authority, { of: image, github: { owner: `evil-${i}` } }),
)
const listed = (list: ReturnType<typeof bundles>) => [
  tagged(image),
  {
    artifact: referrersIndex(list.map(({ artifact }) => artifact)),
    reference: `${repository}:${image.digest.replace(':', '-')}`,
  },
]

describe('T37 referrers', () => {
  test('T37 more of them than are looked at, and none was good', async () => {
    await expectEach({ layout: listed(strangers) }, 'rejected identity.san')
    await expectEach({ layout: listed(strangers), limits: { referrers: 2 } }, 'inconclusive limit.referrers')
  })

  test('T37 what was seen before the limit counts', async () => {
    const [good] = bundles(1)
    if (good === undefined) throw new Error('no bundle')
    // A list is read in the order of its digests.
    const sorted = [good, ...strangers].toSorted((a, b) => (a.artifact.digest < b.artifact.digest ? -1 : 1))
    const place = sorted.indexOf(good)
    await expectTrusted({ layout: listed([...sorted]), limits: { referrers: place + 1 } })
    if (place > 0)
      await expectEach({ layout: listed([...sorted]), limits: { referrers: place } }, 'inconclusive limit.referrers')
  })
})

describe('T38 sizes', () => {
  const [bundle] = bundles(1)
  const size = Buffer.byteLength(JSON.stringify(bundle?.bundle))

  test('T38 a bundle larger than it may be', async () => {
    const layout = listed(bundle === undefined ? [] : [bundle])
    await expectTrusted({ layout, limits: { bundleBytes: size } })
    await expectEach({ layout, limits: { bundleBytes: size - 1 } }, 'inconclusive registry.too-large')
  })

  test('T38 the same bundle, brought along', async () => {
    const given = [{ bundle: { base64: Buffer.from(JSON.stringify(bundle?.bundle)).toString('base64') } }]
    await expectTrusted({ layout: [tagged(image)], given, limits: { bundleBytes: size } })
    await expectEach({ layout: [tagged(image)], given, limits: { bundleBytes: size - 1 } }, 'inconclusive limit.bytes')
  })

  test('T38 a payload', async () => {
    const signature = signatureOf(image)
    const layout = [tagged(image), signedAt(image, [signature])]
    await expectTrusted({ layout, limits: { payloadBytes: signature.payload.length } })
    await expectEach(
      { layout, limits: { payloadBytes: signature.payload.length - 1 } },
      'inconclusive registry.too-large',
    )
  })

  test('T38 an attestation', async () => {
    const subjects = [{ name: repository, digest: { sha256: image.digest.slice(7) } }]
    const one = legacyAttestation(authority, { statement: provenance({ subjects }), github: generatorCertificate() })
    const { layer, payload } = one
    const attested = signedAt(image, [{ layer, payload }])
    const layout = [tagged(image), { ...attested, reference: attested.reference.replace(/sig$/, 'att') }]
    const policy = policyOf({
      id: 'P',
      candidate: 'attestation',
      signer: { builder: 'trusted' },
      provenance: { source: { uri: 'github.com/Kong/kong-mesh' } },
    })
    await expectTrusted({ layout, policy, limits: { attestationBytes: 100_000 } })
    const small = { layout, policy, limits: { attestationBytes: payload.length - 1 } }
    await expectEach(small, 'inconclusive registry.too-large')
  })

  test('T38 a manifest that is brought along: too large is not absent', async () => {
    const layout = [tagged(image), signedAt(image)]
    const size = Math.max(...layout.map(({ artifact }) => artifact.size))
    await expectTrusted({ layout, limits: { manifestBytes: size } })
    await expectEach({ layout, limits: { manifestBytes: size - 1 } }, 'inconclusive registry.too-large')
  })

  test('T38 nesting', async () => {
    const nested = (depth: number) =>
      signatureOf(image, { optional: { repo: JSON.parse('['.repeat(depth) + ']'.repeat(depth)) } })
    await expectTrusted({ layout: [tagged(image), signedAt(image, [nested(20)])] })
    await expectEach({ layout: [tagged(image), signedAt(image, [nested(200)])] }, 'rejected payload.malformed')
  })

  test('T38 the limits are those that are promised', () => {
    const mib = 1024 * 1024
    expect(defaults).toMatchObject({
      candidates: 64,
      referrers: 256,
      referrerPages: 4,
      manifestBytes: 4 * mib,
      payloadBytes: mib,
      bundleBytes: 4 * mib,
      attestationBytes: 32 * mib,
    })
    expect(Object.isFrozen(defaults)).toBe(true)
  })
})

test('T94 a name whose bytes are gone is a hole, not an absence', async () => {
  const layout = [tagged(image), signedAt(image)]
  await expectTrusted({ layout })
  const gone = layout[1]?.artifact.digest.slice('sha256:'.length) ?? ''
  const alter = (folder: string) => rmSync(join(folder, 'blobs/sha256', gone))
  await expectEach({ layout, alter }, 'inconclusive evidence.missing')
})

test('T94 the answer says which layers were not there to be hashed', async () => {
  const layout = [tagged(image), signedAt(image)]
  const [layer] = (JSON.parse(image.bytes.toString('utf8')) as { readonly layers: readonly { digest: string }[] })
    .layers
  if (layer === undefined) throw new Error('no layer')
  const whole = await expectTrusted({ layout })
  expect(whole.subjects[0]?.beside.unread).toEqual([])
  const light = { ...image, blobs: new Map([...image.blobs].filter(([digest]) => digest !== layer.digest)) }
  const answer = await expectTrusted({ layout: [tagged(light), signedAt(image)] })
  expect(answer.subjects[0]?.beside.unread).toEqual([layer.digest])
})

test('T37 of a file of very many lines, no more are read than may count, and the limit is told', async () => {
  const good = JSON.stringify(authority.sign({}).bundle)
  const lines = (count: number) => Buffer.from(`${good}\n${'1\n'.repeat(count)}`)
  const reads = readGiven(lines(2_000_000), defaults)
  expect(reads).toHaveLength(defaults.candidates + 1)
  expect(readGiven(lines(3), defaults)).toHaveLength(4)
  expect(readDownloaded(Buffer.from('1\n'.repeat(2_000_000)), defaults)).toHaveLength(defaults.candidates + 1)
  expect(readDownloaded(Buffer.from(JSON.stringify(Array(500).fill({}))), defaults)).toHaveLength(
    defaults.candidates + 1,
  )
  const junk = Array.from({ length: defaults.candidates }, (_, i) => `{"junk":${i}}`).join('\n')
  await expectTrustedBundle({ evidence: { bundle: `${junk.split('\n').slice(1).join('\n')}\n${good}` } })
  await expectRefused(
    { evidence: { bundle: `${junk}\n${good}` } },
    { code: 'bundle.malformed', verdict: 'inconclusive' },
  )
  const { findings } = await judged({ evidence: { bundle: `${junk}\n${good}` } })
  expect(findings.map(({ code }) => code)).toContain('limit.candidates')
})
