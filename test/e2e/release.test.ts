/** The Kong Mesh profile over a registry with the referrers API, asked as a mirror of docker.io: request by request. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { meshproof, scratch } from '../cli/process.ts'
import { hasRelease, layoutOf, linesOf, trustedRoot } from '../registry/kong-release.ts'
import { holdLayout } from '../registry/push-layout.ts'
import { startRegistry, type TestRegistry } from '../registry/registry.ts'

const room = scratch()
let registry: TestRegistry
const rows = ['sig2-good', 'sig2-index-only', 'sig3-good', 'sig3-ref-other-tag']

beforeAll(async () => {
  registry = await startRegistry()
  if (hasRelease) for (const row of rows) holdLayout(registry, layoutOf(`cases/${row}`), `${row}/`)
})
afterAll(async () => {
  await registry.close()
  room.remove()
})

const verify = (row: string, ref: string, env: Record<string, string> = {}) => {
  registry.requests.length = 0
  const place = `${registry.host}/${row}`
  return meshproof(['verify', 'image', `${place}/kong/kuma-cp${ref}`, '--trusted-root', trustedRoot, '-o', 'json'], {
    env: { MESHPROOF_MIRRORS: `${place}=docker.io`, MESHPROOF_CACHE_PATH: join(room.path, row), ...env },
  })
}

describe.skipIf(!hasRelease)('release', () => {
  test.for([
    ['COSIGN_REPOSITORY says where signatures are', true],
    ["nobody says it: the profile's place, behind the mirror", false],
  ] as const)('T29 %s: each request once, then none', async ([, named]) => {
    const row = 'sig2-good'
    const env = {
      ...(named && { COSIGN_REPOSITORY: `${registry.host}/${row}/kong/notary` }),
      MESHPROOF_CACHE_PATH: join(room.path, `${row}-${named}`),
    }
    const first = await verify(row, ':2.14.3', env)
    expect(first.code, first.stdout + first.stderr).toBe(0)
    const subjects = first.answers[0]?.subjects ?? []
    const digests = subjects.map(({ subject }) => String(subject))
    expect(subjects.map(({ role, platform }) => platform ?? role)).toEqual(['root', 'linux/amd64', 'linux/arm64'])
    const [image, notary] = [`GET /v2/${row}/kong/kuma-cp`, `GET /v2/${row}/kong/notary`]
    const requests = registry.lines()
    const payloads = requests.filter((line) => line.startsWith(`${notary}/blobs/`))
    expect(new Set(payloads).size).toBe(4) // three signatures, one provenance
    expect([...requests].sort()).toEqual(
      [
        `${image}/manifests/2.14.3`,
        ...digests.flatMap((digest) =>
          [image, notary].flatMap((base) => [
            `${base}/manifests/${digest.replace(':', '-')}.sig`,
            `${base}/manifests/${digest.replace(':', '-')}.att`,
            `${base}/referrers/${digest}`,
          ]),
        ),
        ...payloads,
      ].sort(),
    )
    expect((await verify(row, ':2.14.3', env)).code).toBe(0)
    expect(registry.lines()).toEqual([`HEAD /v2/${row}/kong/kuma-cp/manifests/2.14.3`])
    expect((await verify(row, `:2.14.3@${digests[0]}`, env)).code).toBe(0)
    expect(registry.lines()).toEqual([`HEAD /v2/${row}/kong/kuma-cp/manifests/2.14.3`]) // T26: whether the tag has moved
    const byDigest = await verify(row, `@${digests[0]}`, env)
    expect(byDigest.code, byDigest.stdout).toBe(0)
    expect(registry.lines()).toEqual([])
  })

  test('T29 only the index is signed: each platform is told', async () => {
    const env = { COSIGN_REPOSITORY: `${registry.host}/sig2-index-only/kong/notary` }
    const { code, answers } = await verify('sig2-index-only', ':2.14.3', env)
    expect(code).toBe(1)
    expect(answers[0]?.subjects?.map(({ outcome }) => outcome)).toEqual(['trusted', 'rejected', 'rejected'])
    // Where nobody said that the mirror has them all, the origin may: it is asked, and here cannot be.
    const unsure = await verify('sig2-index-only', ':2.14.3')
    expect(unsure.code).toBe(3)
    expect(unsure.answers[0]?.subjects?.map(({ outcome }) => outcome)).toEqual([
      'trusted',
      'inconclusive',
      'inconclusive',
    ])
  })

  test('cosign 3 signs no name, which the profile demands: it could not be told; a policy without it trusts', async () => {
    const { code, answers } = await verify('sig3-good', ':2.14.3')
    expect(code).toBe(3)
    const codes = answers[0]?.subjects?.[0]?.findings.map((finding) => finding.code)
    expect(codes).toContain('reference.not-signed')
    const [line] = linesOf('kong-release-layout', 'cases/sig3-good')
    const place = `${registry.host}/sig3-good`
    const { policy } = line?.request ?? {}
    const input = ['sig3-good', 'sig3-ref-other-tag'].map((row) =>
      JSON.stringify({
        subject: { image: `${registry.host}/${row}/kong/kuma-cp:2.14.3` },
        policy,
        trust: { root: { path: 'trusted_root.json' } },
        signatureRepository: `${registry.host}/${row}/kong/notary`,
      }),
    )
    const ran = await meshproof(['verify', 'batch', '-', '--root', join(trustedRoot, '..')], {
      input: input.join('\n'),
      env: { MESHPROOF_MIRRORS: `${place}=docker.io,${registry.host}/sig3-ref-other-tag=docker.io` },
    })
    expect(ran.answers.map(({ verdict }) => verdict)).toEqual(['trusted', 'rejected'])
  })
})
