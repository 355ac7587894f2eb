import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { cosignCommand } from '../../../src/cli/render/cosign.ts'
import type { Policy, Requirement } from '../../../src/core/policy.ts'
import { profileNamed } from '../../../src/policy/profiles/table.ts'
import { answerOf, digest, trusted } from '../../report/answers.ts'

const kong = profileNamed('kong-mesh')?.policy
if (kong === undefined) throw new Error('no profile')
const [first] = kong.requirements
const withRequirement = (changes: Partial<Requirement>): Policy => ({
  ...kong,
  requirements: first === undefined ? [] : [{ ...first, ...changes }],
})

/** The words that a shell hands to cosign. */
const wordsOf = (text: string): readonly string[] =>
  execFileSync('bash', ['-c', `cosign() { printf '%s\\0' "$@"; }\n${text}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1)

test('the command that comes closest to the profile, and what it leaves out', async () => {
  await expect(`${cosignCommand(kong, trusted)}\n`).toMatchFileSnapshot('./golden/cosign.txt')
})

test('an identity by parts is an anchored pattern that matches what the policy means, and nothing else', () => {
  const words = wordsOf(cosignCommand(kong, trusted))
  const flag = words.find((word) => word.startsWith('--certificate-identity-regexp='))
  const pattern = new RegExp(flag?.slice(flag.indexOf('=') + 1) ?? '')
  const good = 'https://github.com/Kong/kong-mesh/.github/workflows/kuma-_build_publish.yaml@refs/tags/2.14.3'
  expect(pattern.test(good)).toBe(true)
  expect(pattern.test(good.replace('2.14.3', 'v2.14.3'))).toBe(true)
  for (const bad of [
    `${good}0`,
    `x${good}`,
    good.replace('github.com', 'githubXcom'),
    good.replace('2.14.3', '2.14.4'),
    good.replace('2.14', '2x14'),
  ])
    expect(pattern.test(bad), bad).toBe(false)
})

test('words of a shell: quotes, blanks and dollars arrive as they are', () => {
  const odd = `it's $HOME "x" \\ \`id\` ü`
  const words = wordsOf(
    cosignCommand(
      withRequirement({ annotations: { odd }, signer: { issuer: 'https://i.test', identity: { is: odd } } }),
      trusted,
    ),
  )
  expect(words).toContain(`odd=${odd}`)
  expect(words).toContain(`--certificate-identity=${odd}`)
  const unseen = 'a\u001b\nb'
  expect(wordsOf(cosignCommand(withRequirement({ annotations: { odd: unseen } }), trusted))).toContain(`odd=${unseen}`)
})

test('keys, attestations, lent signatures and counts', () => {
  const keys = cosignCommand(
    withRequirement({
      signer: { keys: [{ key: { base64: '' } }, { key: { base64: '' } }] },
      threshold: 2,
      transparency: { log: 0 },
    }),
    trusted,
  )
  expect(keys).toContain('--key=policy.pub')
  expect(keys).toContain('--insecure-ignore-tlog')
  expect(keys).toContain('2 signatures of distinct keys')
  const attested = cosignCommand(
    withRequirement({ candidate: 'attestation', predicateType: ['https://slsa.dev/provenance/v1'] }),
    trusted,
  )
  expect(attested).toContain('cosign verify-attestation')
  expect(attested).toContain('--type=https://slsa.dev/provenance/v1')
  // The Kong profile lets members take attestations from the index, so only the index is asked.
  expect(attested.match(/@sha256:/g)).toHaveLength(1)
  // Two digests for the signatures, one for the provenance that the index lends.
  expect(cosignCommand(kong, trusted).match(/@sha256:/g)).toHaveLength(3)
  expect(cosignCommand(withRequirement({ transparency: { log: 2, sct: 0, proof: true } }), trusted)).toMatch(
    /--insecure-ignore-sct[\s\S]*2 logs[\s\S]*inclusion proof/,
  )
})

test('a file is verified as a blob, its attestation too, and a digest alone where cosign takes one', () => {
  const file = (name: string | undefined, policy: Policy) => {
    const [only] = answerOf(
      [{ subject: digest('a'), role: 'artifact', outcome: 'trusted', findings: [] }],
      'trusted',
    ).subjects
    if (only === undefined) throw new Error('no subject')
    const { as: _, name: __, ...asked } = only.inputs.asked
    const inputs = { ...only.inputs, asked: { ...asked, ...(name !== undefined && { name }) } }
    return cosignCommand(policy, { ...trusted, subjects: [{ ...only, inputs }] })
  }
  const attestation = withRequirement({
    candidate: 'attestation',
    predicateType: ['https://slsa.dev/provenance/v1'],
    provenance: { fileName: 'demanded' },
  })
  const named = file('app.tar.gz', attestation)
  expect(wordsOf(named)).toEqual(
    expect.arrayContaining(['verify-blob-attestation', '--bundle=bundle.json', 'app.tar.gz']),
  )
  expect(named).toContain('a renamed one would pass')
  expect(named).not.toContain('platform')
  const bare = wordsOf(file(undefined, attestation))
  expect(bare).toEqual(expect.arrayContaining([`--digest=${'a'.repeat(64)}`, '--digestAlg=sha256']))
  const signature = file('app.tar.gz', withRequirement({ annotations: { repo: 'x' } }))
  expect(wordsOf(signature)).toContain('verify-blob')
  expect(wordsOf(signature)).not.toContain('-a')
  expect(signature).toContain('annotation repo of a file')
})
