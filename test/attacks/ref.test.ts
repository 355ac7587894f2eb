import { expect, test } from 'vitest'
import { simpleSigning } from '../authority/cosign-legacy.ts'
import {
  attack,
  authority,
  expectRefused,
  expectTrusted,
  identityParts,
  imageDigest,
  imageName,
  notes,
  policyFor,
} from './harness.ts'

const releaseTag = policyFor({ identity: { ...identityParts, ref: 'release-tag' } })

/** A signature of the image that was asked by this tag (none: by digest alone), made from this ref. */
const imageFrom = (ref: string, tag?: string) => ({
  evidence: { signatures: [simpleSigning(authority, { digest: imageDigest, github: { ref } })] },
  artifact: { digest: imageDigest, name: tag === undefined ? imageName : `${imageName}:${tag}` },
})

const wrongRefs = [
  'refs/heads/main',
  'refs/heads/2.14.3',
  'refs/heads/refs/tags/2.14.3',
  'refs/pull/7/merge',
  'refs/pull/2.14.3',
  'refs/tags/2.14.3-arm64',
  'refs/tags/2.14.2',
  'refs/tags/2.14.30',
  'refs/tags/12.14.3',
  'refs/tags/2.14',
  'refs/tags/2.14.3-rc.1',
  'refs/tags/V2.14.3',
  'refs/tags/vv2.14.3',
  'refs/tags/refs/tags/2.14.3',
  'refs/tags/2x14x3',
  '2.14.3',
]

test.each(wrongRefs)('T08 right workflow, wrong ref: %s', async (ref) => {
  await attack(
    { ...imageFrom('refs/tags/2.14.3', '2.14.3'), policy: releaseTag },
    { ...imageFrom(ref, '2.14.3'), policy: releaseTag },
    { code: 'identity.ref', demand: '/signer/identity' },
  )
  await attack(imageFrom('refs/tags/2.14.3'), imageFrom(ref), { code: 'identity.ref', demand: '/signer/identity' })
})

test('T08 a release tag may be written with v, another version may not', async () => {
  const policy = releaseTag
  await expectTrusted({ ...imageFrom('refs/tags/v2.14.3', '2.14.3'), policy })
  await expectRefused({ ...imageFrom('refs/tags/v2.14.2', '2.14.3'), policy }, { code: 'identity.ref' })
})

test('T08 without a version asked any release tag is taken, with a word about it; a branch never', async () => {
  const policy = releaseTag
  const subject = await expectTrusted({ ...imageFrom('refs/tags/2.14.2'), policy })
  expect(notes(subject)).toContain('identity.version-not-compared')
  for (const ref of [
    'refs/pull/2.14.3',
    'refs/tags/2.14.3-arm64',
    'refs/tags/2.14.03',
    'refs/heads/2.14.3',
    'refs/heads/refs/tags/2.14.3',
    'refs/tags/main',
    'refs/tags/2.14',
    'refs/tags/2.14.3x',
  ])
    await expectRefused({ ...imageFrom(ref), policy }, { code: 'identity.ref' })
})

test('T08 a branch demanded is not a tag of that name', async () => {
  const policy = policyFor({ identity: { ...identityParts, ref: { branch: 'main' } } })
  await attack(
    { ...imageFrom('refs/heads/main'), policy },
    { ...imageFrom('refs/tags/main'), policy },
    { code: 'identity.ref' },
  )
  await expectRefused({ ...imageFrom('refs/heads/main2'), policy }, { code: 'identity.ref' })
})

test('T08 no ref demanded: any, with a word about it', async () => {
  const { ref: _, ...identity } = identityParts
  const policy = policyFor({ identity })
  expect(notes(await expectTrusted({ ...imageFrom('refs/heads/x'), policy }))).toContain('identity.ref-not-demanded')
})

test('T115 a branch calls the workflow at a tag and speaks for it', async () => {
  const called = { ref: 'refs/tags/2.14.3' }
  const by = (ref: string) => ({ evidence: authority.sign({ github: { ref, signer: called } }) })
  const subject = await attack(by('refs/tags/2.14.3'), by('refs/heads/evil'), {
    code: 'identity.source-ref',
    demand: '/signer/identity',
  })
  expect(subject.findings.find(({ code }) => code === 'identity.source-ref')?.found).toBe('refs/heads/evil')
  await expectRefused(by('refs/tags/2.14.2'), { code: 'identity.source-ref' })
})

test('T115 a certificate that says from where it was called, but not from which ref', async () => {
  const extensions = { sourceRepositoryRef: null }
  await attack(
    { evidence: authority.sign({}) },
    { evidence: authority.sign({ github: { extensions } }) },
    { code: 'identity.source-ref', demand: '/signer/identity' },
  )
})

test('T115 older certificates say it in other extensions', async () => {
  const old = (ref: string) => ({
    evidence: authority.sign({
      github: {
        ref,
        signer: { ref: 'refs/tags/2.14.3' },
        extensions: { sourceRepositoryURI: null, sourceRepositoryRef: null },
      },
    }),
  })
  await attack(old('refs/tags/2.14.3'), old('refs/heads/evil'), {
    code: 'identity.source-ref',
    demand: '/signer/identity',
  })
})
