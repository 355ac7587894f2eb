import { expect, test } from 'vitest'
import { githubDefaults, githubIssuer } from '../authority/github.ts'
import {
  attack,
  authority,
  decisive,
  expectRefused,
  expectTrusted,
  identityParts,
  judged,
  notes,
  policyFor,
  policyWith,
} from './harness.ts'

const { owner, repository, workflow } = githubDefaults
const file = `https://github.com/${owner}/${repository}/${workflow}`
const san = `${file}@refs/tags/2.14.3`
const signedBy = (name: string) => ({ evidence: authority.sign({ github: { san: name } }) })

const nearMisses = [
  san.replace('kong-mesh/', 'kong-mesh-evil/'),
  san.replace('kong-mesh/', 'kong-mes/'),
  san.replace('kong-mesh/', 'kong-mesh.git/'),
  san.replace('kong-mesh/', 'kong-mesh/kong-mesh/'),
  san.replace('kong-mesh/', 'kong\u200b-mesh/'),
  san.replace('/Kong/', '/Kong-evil/'),
  san.replace('/Kong/', '/evil-Kong/'),
  san.replace('/Kong/', '/evil/'),
  san.replace('/Kong/', '/K\u043eng/'),
  san.replace('/Kong/', '//Kong/'),
  san.replace('/Kong/', '/./Kong/'),
  san.replace('/Kong/', '/evil/../Kong/'),
  san.replace('Kong/kong-mesh', 'Kong%2Fkong-mesh'),
  san.replace('Kong/kong-mesh', 'kong-mesh/Kong'),
  san.replace('github.com', 'github.com.evil.test'),
  san.replace('github.com', 'githubXcom'),
  san.replace('github.com', 'gitlab.com'),
  san.replace('github.com', 'evil@github.com'),
  san.replace('github.com', 'github.com:443'),
  san.replace('github.com', 'www.github.com'),
  san.replace('https:', 'http:'),
  san.replace('.yaml@', '.yaml.evil@'),
  san.replace('.yaml@', 'Xyaml@'),
  san.replace('.yaml@', '.yml@'),
  san.replace('.yaml@', '.yaml#@'),
  san.replace('/kuma-', '/evil-kuma-'),
  san.replace('/.github/', '/Xgithub/'),
  san.replace('/workflows/', '/workflows/sub/'),
  `https://evil.test/?to=${san}`,
  `https://evil.test/\n${san}`,
  ` ${san}`,
  file,
]
const identities = {
  parts: identityParts,
  is: { is: san },
  matches: { matches: `https://github\\.com/Kong/kong-mesh/\\.github/workflows/[a-z_-]+\\.yaml@refs/tags/[0-9.]+` },
}

test.each(Object.entries(identities))('T01 near misses of an identity given by %s', async (form, identity) => {
  const policy = policyFor({ identity })
  await expectTrusted({ ...signedBy(san), policy })
  expect(nearMisses.length).toBeGreaterThanOrEqual(30)
  // The pattern leaves the workflow's name open.
  const refused = nearMisses.filter((name) => form !== 'matches' || !name.includes('/evil-kuma-'))
  for (const name of refused)
    await expectRefused({ ...signedBy(name), policy }, { code: 'identity.san', demand: '/signer/identity' })
})

test('T01 what stands behind the ref, or before the pattern, is compared too', async () => {
  await expectTrusted({ ...signedBy(san), policy: policyFor({ identity: { is: san } }) })
  for (const name of [`${san}0`, `${san} `, `${san}\n`, `${san}/../main`]) {
    for (const identity of [identities.is, { matches: san.replaceAll('.', '\\.') }])
      await expectRefused({ ...signedBy(name), policy: policyFor({ identity }) }, { code: 'identity.san' })
    await expectRefused(signedBy(name), { code: 'identity.ref' })
  }
})

test("T01 loose is cosign's unanchored search, and says what it lets through", async () => {
  const evil = signedBy(`https://evil.test/?to=${san}`)
  const matches = 'github\\.com/Kong/kong-mesh/'
  await expectRefused({ ...evil, policy: policyFor({ identity: { matches } }) }, { code: 'identity.san' })
  const subject = await expectTrusted({ ...evil, policy: policyFor({ identity: { matches, loose: true } }) })
  expect(notes(subject)).toContain('identity.loose')
})

test('T02 a policy without issuer does not load', async () => {
  const evidence = authority.sign({})
  await expectTrusted({ evidence })
  const identity = identityParts
  for (const signer of [{ identity }, { identity, issuer: '' }, { identity, issuer: null }, { identity, issuer: [] }])
    await expect(judged({ evidence, policy: policyWith({ signer }) })).rejects.toMatchObject({
      code: 'policy.malformed',
    })
})

test('T02 an issuer that is nearly the one', async () => {
  const nearly = [
    `${githubIssuer}.evil`,
    `${githubIssuer}/`,
    ` ${githubIssuer}`,
    githubIssuer.toUpperCase(),
    githubIssuer.replace('https', 'http'),
    githubIssuer.replace('.com', 'Xcom'),
    githubIssuer.replace('token.', ''),
    `https://evil.test/${githubIssuer}`,
    'https://accounts.google.com',
  ]
  for (const issuer of nearly)
    await attack(
      { evidence: authority.sign({ github: { issuer: githubIssuer } }) },
      { evidence: authority.sign({ github: { issuer } }) },
      { code: 'identity.issuer', demand: '/signer/issuer' },
    )
})

test('T02 a certificate without issuer matches no word for it', async () => {
  const evidence = authority.sign({ github: { issuer: null } })
  for (const issuer of [githubIssuer, 'none', 'undefined'])
    await expectRefused(
      { evidence, policy: policyFor({ issuer }) },
      { code: 'identity.issuer', demand: '/signer/issuer' },
    )
  // An older certificate names it in its first extension only.
  await expectTrusted({
    evidence: authority.sign({ github: { issuerV1: githubIssuer, extensions: { issuer: null } } }),
  })
})

test('T05 names that differ in case only have their own code, with the right spelling', async () => {
  const right = { evidence: authority.sign({}) }
  await expectTrusted(right)
  for (const part of [{ owner: 'kong' }, { repository: 'Kong-Mesh' }, { workflow: workflow.toUpperCase() }]) {
    const policy = policyFor({ identity: { ...identityParts, ...part } })
    const subject = await expectRefused(
      { ...right, policy },
      { code: 'identity.owner-case', demand: '/signer/identity' },
    )
    expect(decisive(subject).found).toBe(san)
  }
  const policy = policyFor({ identity: { is: san.replace('Kong', 'kong') } })
  await expectRefused({ ...right, policy }, { code: 'identity.owner-case' })
  // The other way round: somebody else's lower-case account is no better.
  await expectRefused({ evidence: authority.sign({ github: { owner: 'kong' } }) }, { code: 'identity.owner-case' })
})
