import { expect, test } from 'vitest'
import { digestOf } from '../../src/core/digest.ts'
import { createAuthority } from '../authority/authority.ts'
import { simpleSigning } from '../authority/cosign-legacy.ts'
import { githubIssueOptions } from '../authority/github.ts'
import { issueCertificate } from '../authority/leaf.ts'
import {
  attack,
  authority,
  codes,
  expectRefused,
  expectTrusted,
  imageDigest,
  imageName,
  notes,
  policyWith,
  root,
} from './harness.ts'

/** Another instance, with everything of its own. */
const other = createAuthority()
const good = { evidence: authority.sign({ timestamp: true }) }
const theirCertificate = () => issueCertificate(other.ca, authority.ctLogs, authority.at, githubIssueOptions())

test('T11 a bundle of another instance', async () => {
  const evidence = other.sign({ timestamp: true })
  await attack(
    { evidence, root: other.trustedRoot() },
    { evidence },
    { code: 'log.unknown', demand: '/transparency/log' },
  )
})

test('T11 one part of another instance, the rest of ours', async () => {
  await expectTrusted(good)
  const signer = theirCertificate()
  await expectRefused({ evidence: authority.sign({ signer }) }, { code: 'certificate.untrusted', demand: '/signer' })
  const ctLog = issueCertificate(authority.ca, other.ctLogs, authority.at, githubIssueOptions())
  await expectRefused(
    { evidence: authority.sign({ signer: ctLog }) },
    { code: 'sct.absent', demand: '/transparency/sct' },
  )
  await expectRefused(
    { evidence: authority.sign({ timestamp: true, logV1: { log: other.rekor } }) },
    { code: 'log.unknown', demand: '/transparency/log' },
  )
  await expectRefused(
    { evidence: authority.sign({ log: 'v2', timestamp: { tsa: other.tsa } }) },
    { code: 'time.absent', demand: '/transparency/time' },
  )
})

test('T11 a policy that names its root takes no other', async () => {
  const pinned = (digest: string) => ({ ...policyWith(), trust: { root: digest } })
  const ours = digestOf(JSON.stringify(root))
  const theirs = digestOf(JSON.stringify(other.trustedRoot()))
  await attack(
    { ...good, policy: pinned(ours) },
    { ...good, policy: pinned(theirs) },
    {
      code: 'trust.other-root',
      verdict: 'inconclusive',
    },
  )
})

test.each(['chain-intermediate', 'chain-root'] as const)(
  'T13 the bundle brings its own authority: %s',
  async (material) => {
    const bundle = { version: '0.2', material } as const
    const signer = theirCertificate()
    await attack(
      { evidence: authority.sign({ bundle }) },
      { evidence: authority.sign({ signer, bundle }) },
      {
        code: 'certificate.untrusted',
        demand: '/signer',
      },
    )
  },
)

test("T13 the signature's annotation brings its own authority", async () => {
  const artifact = { digest: imageDigest, name: imageName }
  const signed = (signer = authority.githubCertificate()) => ({
    evidence: { signatures: [simpleSigning(authority, { digest: imageDigest, signer })] },
    artifact,
  })
  await attack(signed(), signed(theirCertificate()), { code: 'certificate.untrusted', demand: '/signer' })
})

test('T13 a signing certificate signs another', async () => {
  const holder = authority.githubCertificate({ owner: 'evil', extraExtensions: [] })
  const signer = { ...authority.githubCertificate({ by: holder }), issuer: holder }
  const bundle = { version: '0.2', material: 'chain-root' } as const
  const subject = await attack(
    { evidence: authority.sign({ bundle }) },
    { evidence: authority.sign({ signer, bundle }) },
    {
      code: 'certificate.untrusted',
      demand: '/signer',
    },
  )
  expect(codes(subject, '/requirements/0/signer/identity')).toEqual(['error identity.not-evaluated'])
})

test('T13 a root file whose anchor is a signing certificate is no root', async () => {
  const holder = authority.githubCertificate({ owner: 'evil' })
  const signer = authority.githubCertificate({ by: holder })
  const evidence = authority.sign({ signer })
  const anchored = authority.trustedRoot({
    edit: (it) => {
      for (const one of it.certificateAuthorities)
        one.certChain.certificates = [{ rawBytes: holder.der.toString('base64') }]
    },
  })
  await attack(good, { evidence, root: anchored }, { code: 'trust.malformed', verdict: 'inconclusive' })
  expect(notes(await expectTrusted(good))).not.toContain('trust.entry-unusable')
})
