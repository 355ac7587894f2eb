import { expect, expectTypeOf, test } from 'vitest'
import type { LeafFacts } from '../../src/verify/certificate/leaf.ts'
import type { Facts, Stage } from '../../src/verify/signature/facts.ts'
import type { holdIdentity } from '../../src/verify/signature/hold-signer.ts'
import type { compareIdentity } from '../../src/verify/signature/identity.ts'
import { createAuthority } from '../authority/authority.ts'
import type { GithubOptions } from '../authority/github.ts'
import { githubIssueOptions } from '../authority/github.ts'
import { issueCertificate } from '../authority/leaf.ts'
import { attack, authority, codes, expectRefused, expectTrusted, judged, policyFor } from './harness.ts'

const by = (github: GithubOptions) => ({ evidence: authority.sign({ github }) })
const good = by({})

const triggers = [
  'workflow_dispatch',
  'pull_request_target',
  'pull_request',
  'schedule',
  'repository_dispatch',
  'workflow_run',
  'workflow_call',
  'issue_comment',
  'release',
  'Push',
  'push ',
  '',
]

test.each(triggers)('T09 triggered by "%s" instead of push', async (trigger) => {
  const demand = '/signer/certificate/buildTrigger'
  await attack(good, by({ trigger }), { code: 'certificate.extension-mismatch', demand })
  const policy = policyFor({ certificate: { githubWorkflowTrigger: 'push' } })
  const old = (name: string) => ({ ...by({ trigger: name, extensions: { buildTrigger: null } }), policy })
  await attack(old('push'), old(trigger), {
    code: 'certificate.extension-mismatch',
    demand: '/signer/certificate/githubWorkflowTrigger',
  })
})

test('T09 a certificate that does not say what triggered it', async () => {
  await attack(good, by({ extensions: { buildTrigger: null } }), {
    code: 'certificate.extension-absent',
    demand: '/signer/certificate/buildTrigger',
  })
})

test('T10 a runner of their own, and one that nobody names', async () => {
  const demand = '/signer/certificate/runnerEnvironment'
  await attack(by({ runner: 'github-hosted' }), by({ runner: 'self-hosted' }), {
    code: 'certificate.extension-mismatch',
    demand,
  })
  await expectRefused(by({ runner: 'github-hosted-evil' }), { code: 'certificate.extension-mismatch', demand })
  await expectRefused(by({ extensions: { runnerEnvironment: null } }), { code: 'certificate.extension-absent', demand })
})

test('T12 nothing is read of a certificate that nobody vouched for', async () => {
  // The right names, the right logs, another authority.
  const signer = issueCertificate(createAuthority().ca, authority.ctLogs, authority.at, githubIssueOptions())
  const rogue = { evidence: authority.sign({ signer }) }
  const subject = await attack(good, rogue, { code: 'certificate.untrusted', demand: '/signer' })
  for (const place of ['issuer', 'identity', 'certificate/buildTrigger', 'certificate/runnerEnvironment'])
    expect(codes(subject, `/requirements/0/signer/${place}`)).toEqual(['error identity.not-evaluated'])
  expect(JSON.stringify(subject.findings)).not.toContain('Kong/kong-mesh')
  const twin = await judged(good)
  expect(codes(twin, '/requirements/0/signer/identity')).toEqual(['pass identity.met'])
})

test('T12 what compares an identity is given what the verified leaf says, never a certificate', () => {
  expectTypeOf<Facts['certificate']>().toEqualTypeOf<Stage<LeafFacts>>()
  expectTypeOf<typeof holdIdentity>().parameter(1).toEqualTypeOf<LeafFacts | undefined>()
  expectTypeOf<typeof compareIdentity>().parameter(1).toEqualTypeOf<LeafFacts>()
})

test('T12 a second certificate in the bundle lends no identity', async () => {
  const mine = authority.sign({ github: { owner: 'evil' }, bundle: { version: '0.2' } })
  const theirs = authority.githubCertificate()
  const { bundle } = structuredClone({ bundle: mine.bundle })
  const raw = (der: Uint8Array) => ({ rawBytes: Buffer.from(der).toString('base64') })
  const chain = [mine.signer, theirs].flatMap((one) => ('der' in one ? [raw(one.der)] : []))
  const both = {
    ...bundle,
    verificationMaterial: { ...bundle.verificationMaterial, x509CertificateChain: { certificates: chain } },
  }
  await expectRefused({ evidence: { bundle: both } }, { code: 'identity.san' })
  const two = { ...both, verificationMaterial: { ...both.verificationMaterial, certificate: raw(theirs.der) } }
  await expectRefused({ evidence: { bundle: two } }, { code: 'signature.malformed' })
  await expectTrusted(good)
})
