/** The profile that ships: from which version it speaks, of which images, and what it says beside a verdict. */
import { describe, expect, test } from 'vitest'
import type { Finding } from '../../src/core/finding.ts'
import type { VerdictAnswer } from '../../src/core/request.ts'
import { kongMesh } from '../../src/policy/profiles/kong-mesh.ts'
import {
  cosignTag,
  legacyAttestation,
  type SimpleSigningOptions,
  signatureManifest,
} from '../authority/cosign-legacy.ts'
import { type Artifact, image, index } from '../authority/oci.ts'
import { generatorCertificate, provenance } from '../authority/provenance.ts'
import { authority } from './harness.ts'
import {
  expectEach,
  expectTold,
  expectTrusted,
  imageAnswer,
  kongAnnotations,
  notary,
  notesOf,
  release,
  repository,
  signatureOf,
  signedAt,
  tagged,
} from './image-harness.ts'

const policy = { profile: 'kong-mesh' }
const it = release()
const all = [it.index, it.amd64, it.arm64]
type Change = Partial<SimpleSigningOptions>
const signs = (of: Artifact, version: string, change: Change = {}) =>
  signatureOf(of, { ...change, github: { ref: `refs/tags/${version}`, ...change.github } })
/** Kong signs the index and every platform, and keeps the signatures elsewhere. */
const released = (version: string, change: Change = {}, name = repository, reference = `index.${name}`) => ({
  layout: [
    tagged(it.index, `${name}:${version}`),
    ...all.map((one) => signedAt(one, [signs(one, version, { reference, ...change })], notary)),
  ],
  image: `${name}:${version}`,
  policy,
})
const unsigned = (version: string, name = repository) => ({
  layout: [tagged(it.index, `${name}:${version}`), tagged(image({ content: 'another' }), `${notary}:1`)],
  image: `${name}:${version}`,
  policy,
})
const findingsOf = ({ subjects }: VerdictAnswer): readonly Finding[] => subjects.flatMap(({ findings }) => findings)

describe('versions', () => {
  test('a signed release is trusted', () => expectTrusted(released('2.7.6')))

  test.each(['2.7.4', '2.7.10', 'v2.7.4', '2.7.4-arm64'])(
    'from 2.7.4 on a signature is demanded: %s',
    async (version) => {
      await expectEach(unsigned(version), 'rejected signature.absent')
    },
  )

  test.each(['latest', '2.7', 'sha-0123', '2.14'])('a tag that is no version is no way around it: %s', async (tag) => {
    await expectEach(unsigned(tag), 'rejected signature.absent')
  })

  test('nor is a digest without a tag', () =>
    expectEach({ ...unsigned('2.7.3'), image: `${repository}@${it.index.digest}` }, 'rejected signature.absent'))

  test.each(['2.7.3', 'v2.7.3', '2.7.3-arm64', '2.7.4-rc.1', '1.0.0'])(
    'before it nothing applies, and nothing is proven: %s',
    async (version) => {
      for (const asked of [unsigned(version), released(version)]) {
        const answer = await expectEach(asked, 'inconclusive requirement.not-yet')
        const notes = findingsOf(answer).filter(({ code }) => code === 'policy.nothing-applies')
        expect(notes).toHaveLength(3)
        for (const { outcome, demand } of notes) expect({ outcome, demand }).toEqual({ outcome: 'error' })
      }
    },
  )

  test('an image that is not there is not "too old to be signed"', async () => {
    const gone = { ...unsigned('2.7.3'), image: `${repository}:2.7.2` }
    await expectTold(gone, { root: 'rejected registry.not-found' })
  })

  test('a release tag of another version', async () => {
    await expectEach(released('2.7.6', { github: { ref: 'refs/tags/2.7.60' } }), 'rejected identity.ref')
    await expectEach(released('2.7.6', { github: { ref: 'refs/heads/refs/tags/2.7.6' } }), 'rejected identity.ref')
    await expectTrusted(released('2.7.6', { github: { ref: 'refs/tags/v2.7.6' } }))
  })
})

describe('images', () => {
  test('an unsigned UBI twin: rejected, and that nobody promised it', async () => {
    const name = 'docker.io/kong/ubi-kuma-cp'
    const answer = await expectEach(unsigned('2.7.6', name), 'rejected signature.absent')
    const note = findingsOf(answer).find(({ code }) => code === 'policy.twin-not-promised')
    expect(note).toMatchObject({ found: repository, outcome: 'pass' })
    expect(note).not.toHaveProperty('demand')
    const signed = await expectTrusted(released('2.7.6', {}, name))
    expect(notesOf(signed)).not.toContain('policy.twin-not-promised')
    expect(notesOf(await imageAnswer(unsigned('2.7.6')))).not.toContain('policy.twin-not-promised')
  })

  test.each([
    'docker.io/kong/kong-gateway',
    'docker.io/kong/kuma-cp-evil',
    'docker.io/evil/kuma-cp',
    'quay.io/kong/kuma-cp',
  ])('the profile does not speak of %s, however well it is signed', async (name) => {
    const answer = await expectEach(released('2.7.6', {}, name, name), 'inconclusive policy.out-of-scope')
    expect(notesOf(answer)).toContain('policy.out-of-scope')
  })

  test('an image that Kong ships and nobody signs', async () => {
    const answer = await expectEach(
      unsigned('2.7.6', 'docker.io/envoyproxy/ratelimit'),
      'inconclusive policy.not-signed-by-design',
    )
    expect(notesOf(answer)).toContain('policy.out-of-scope')
  })

  test('another of Kong’s images, pushed again under this name', () =>
    expectEach(
      released('2.7.6', {}, 'docker.io/kong/kuma-dp', 'index.docker.io/kong/kuma-cp'),
      'rejected reference.mismatch',
    ))

  test('a mirror is mapped first, or out of scope', async () => {
    const mirror = 'mirror.example/hub/kuma-cp'
    const asked = released('2.7.6', {}, mirror, 'index.docker.io/kong/kuma-cp')
    await expectTrusted({ ...asked, mirrors: { [mirror]: repository } })
    await expectEach(asked, 'inconclusive policy.out-of-scope')
    await expectEach({ ...asked, mirrors: { [mirror]: 'docker.io/kong/kuma-dp' } }, 'rejected reference.mismatch')
  })

  test('every platform must be signed: the index lends no signature', async () => {
    const layout = [tagged(it.index, `${repository}:2.7.6`), signedAt(it.index, [signs(it.index, '2.7.6')], notary)]
    const absent = 'rejected signature.absent'
    await expectTold(
      { layout, image: `${repository}:2.7.6`, policy },
      { root: 'trusted requirement.met', 'member linux/amd64': absent, 'member linux/arm64': absent },
    )
  })

  test('one platform of a release', async () => {
    const asked = { ...released('2.7.6'), platform: 'linux/arm64' }
    await expectTold(asked, { 'member linux/arm64': 'trusted requirement.met' })
    await expectTold({ ...asked, platform: 'linux/riscv64' }, { root: 'rejected image.platform-absent' })
  })
})

describe('what is signed', () => {
  test.each([
    ['annotation.mismatch', { optional: { ...kongAnnotations, sha: '0'.repeat(40) } }],
    ['annotation.mismatch', { optional: { ...kongAnnotations, repo: 'Evil/kong-mesh' } }],
    ['annotation.absent', { optional: { sha: kongAnnotations.sha, repo: kongAnnotations.repo } }],
    ['identity.san', { github: { repository: 'kong-mesh-evil' } }],
    ['identity.owner-case', { github: { owner: 'kong' } }],
    ['certificate.extension-mismatch', { github: { trigger: 'workflow_dispatch' } }],
    ['certificate.extension-mismatch', { github: { runner: 'self-hosted' } }],
  ] satisfies [string, Change][])('%s', async (code, change) => {
    await expectEach(released('2.7.6', change), `rejected ${code}`)
  })

  test('a signature without the commit is good: older actions did not sign it', async () => {
    const { repo, workflow } = kongAnnotations
    await expectTrusted(released('2.7.6', { optional: { repo, workflow } }))
  })

  test('T36 two half-good signatures are no whole one', async () => {
    const halves = (of: Artifact) => [
      signs(of, '2.7.6', { optional: { ...kongAnnotations, repo: 'Evil/kong-mesh' } }),
      signs(of, '2.7.6', { github: { owner: 'Evil' } }),
    ]
    const layout = [tagged(it.index, `${repository}:2.7.6`), ...all.map((of) => signedAt(of, halves(of), notary))]
    const answer = await imageAnswer({ layout, image: `${repository}:2.7.6`, policy })
    expect(answer.verdict).toBe('rejected')
    expect(answer.subjects.map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected', 'rejected'])
    await expectTrusted(released('2.7.6'))
  })
})

describe('from 2.8.0 on provenance is demanded, of the index, which lends it', () => {
  const version = '2.14.3'
  const attested = (sha?: string) => {
    const github = sha === undefined ? {} : { sha }
    const statement = provenance({
      github,
      subjects: [{ name: repository, digest: { sha256: it.index.digest.slice(7) } }],
    })
    const one = legacyAttestation(authority, { statement, github: generatorCertificate({ github }) })
    return { artifact: signatureManifest([one]), reference: `${notary}:${cosignTag(it.index.digest, 'att')}` }
  }

  test('with it the release is trusted, without it rejected', async () => {
    const asked = released(version)
    const good = await imageAnswer({ ...asked, layout: [...asked.layout, attested()] })
    expect(good.subjects.map(({ outcome }) => outcome)).toEqual(['trusted', 'trusted', 'trusted'])
    const bad = await imageAnswer(asked)
    expect(bad.subjects.map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(findingsOf(bad).filter(({ demand, candidate }) => demand === '/requirements/1' && !candidate)).toEqual(
      [1, 2, 3].map(() => expect.objectContaining({ code: 'provenance.absent', outcome: 'fail' }) as Finding),
    )
  })

  test('T96 a signature and a provenance of two builds', async () => {
    const asked = released(version)
    const answer = await imageAnswer({ ...asked, layout: [...asked.layout, attested('b'.repeat(40))] })
    expect(answer.verdict).toBe('rejected')
  })
})

describe('notes', () => {
  test('unconfirmed is said with every verdict, and changes none', async () => {
    const { confirmed: _, ...confirmed } = kongMesh
    const cases = [released('2.7.6'), unsigned('2.7.6'), unsigned('2.7.3'), unsigned('2.7.6', 'docker.io/kong/x')]
    for (const asked of cases) {
      const [said, silent] = [await imageAnswer(asked), await imageAnswer({ ...asked, policy: confirmed })]
      for (const { findings } of said.subjects) expect(findings.map(({ code }) => code)).toContain('policy.unconfirmed')
      expect(notesOf(silent)).not.toContain('policy.unconfirmed')
      const told = ({ subjects }: VerdictAnswer) =>
        subjects.map(({ outcome, findings }) => [outcome, findings.filter(({ check }) => check !== 'policy')])
      expect(told(said)).toEqual(told(silent))
    }
  })

  test('a tag that moved is a note: the digest decides', async () => {
    const old = index([image({ content: 'old' })])
    const layout = [...released('2.7.6').layout, tagged(old, `${repository}:2.7.5`)]
    const moved = `${repository}:2.7.6@${it.index.digest}`
    expect(notesOf(await expectTrusted({ layout, image: moved, policy }))).not.toContain('registry.tag-moved')
    const elsewhere = [tagged(old, `${repository}:2.7.6`), ...released('2.7.6').layout.slice(1)]
    const held = [...elsewhere, tagged(it.index, `${repository}:pinned`)]
    const answer = await expectTrusted({ layout: held, image: moved, policy })
    const [root] = answer.subjects
    expect(root?.subject).toBe(it.index.digest)
    expect(root?.findings.find(({ code }) => code === 'registry.tag-moved')).toMatchObject({ found: old.digest })
  })

  test('T91 a mirror that lags behind its origin is a note', async () => {
    const mirror = 'mirror.example/hub/kuma-cp'
    const asked = { ...released('2.7.6', {}, mirror, `index.${repository}`), mirrors: { [mirror]: repository } }
    const same = { ...asked, layout: [...asked.layout, tagged(it.index, `${repository}:2.7.6`)] }
    expect(notesOf(await expectTrusted(same))).not.toContain('registry.mirror-behind')
    const newer = index([image({ content: 'newer' })])
    const behind = { ...asked, layout: [...asked.layout, tagged(newer, `${repository}:2.7.6`)] }
    const answer = await expectTrusted(behind)
    expect(findingsOf(answer).find(({ code }) => code === 'registry.mirror-behind')).toMatchObject({
      expected: newer.digest,
      found: it.index.digest,
    })
  })
})

describe('the profile as it is documented lets through what ours refuses, and says so', () => {
  const documented = { profile: 'kong-mesh-as-documented' }
  test.each([
    ['a branch', { github: { ref: 'refs/heads/evil' } }],
    ['a workflow whose name goes on', { github: { workflow: '.github/workflows/kuma-_build_publish.yaml.yaml' } }],
    ['a dot that is any letter', { github: { workflow: '.github/workflows/kuma-_build_publish-yaml' } }],
    ['started by hand', { github: { trigger: 'workflow_dispatch' } }],
    ['another name', { reference: 'index.docker.io/kong/kuma-dp' }],
  ] satisfies [string, Change][])('%s', async (_, change) => {
    const answer = await expectTrusted({ ...released('2.7.6', change), policy: documented })
    expect(notesOf(answer)).toEqual(expect.arrayContaining(['policy.as-documented', 'identity.loose']))
    expect((await imageAnswer(released('2.7.6', change))).verdict).toBe('rejected')
  })

  test('it refuses what the documented command refuses', () =>
    expectEach({ ...released('2.7.6', { github: { owner: 'Evil' } }), policy: documented }, 'rejected identity.san'))
})

test('the profile is found by the image, and never the documented one', async () => {
  const auto = { profile: 'auto' }
  const { subjects } = await imageAnswer({ ...released('2.7.6'), policy: auto })
  expect(subjects[0]?.beside.policy).toEqual({ name: 'kong-mesh', confirmed: 'unconfirmed' })
  await expect(imageAnswer({ ...released('2.7.6', {}, 'docker.io/evil/x'), policy: auto })).rejects.toMatchObject({
    code: 'policy.missing',
  })
  await expect(imageAnswer({ ...released('2.7.6'), policy: { profile: 'kong' } })).rejects.toMatchObject({
    code: 'policy.unknown-profile',
  })
})
