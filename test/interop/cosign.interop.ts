/** What cosign signs here and now, ours verifies; what cosign refuses, ours refuses. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Artifact, image, index, layout } from '../authority/oci.ts'
import { type AnyAnswer, meshproof, scratch } from '../cli/process.ts'
import { hasDockerRegistry, startDockerRegistry } from '../registry/docker-registry.ts'
import { askedOf, hasRelease, layoutOf, linesOf, release, trustedRoot } from '../registry/kong-release.ts'
import { pushLayout } from '../registry/push-layout.ts'
import { hasCosign, major, run } from './cosign-binary.ts'

const room = scratch()
let host = ''
let stop = () => Promise.resolve()
const ready = hasCosign && hasDockerRegistry

beforeAll(async () => {
  if (!ready) return
  const registry = await startDockerRegistry()
  host = registry.host
  stop = registry.stop
  expect(run(room.path, ['generate-key-pair']).stderr).toContain('Public key written')
})
afterAll(async () => {
  await stop()
  room.remove()
})

async function pushed(repository: string): Promise<Artifact> {
  const of = (platform: string) => image({ platform, content: `${repository} ${platform}` })
  const made = index([of('linux/amd64'), of('linux/arm64')])
  const folder = join(room.path, repository.replaceAll('/', '-'))
  layout(folder, [{ artifact: made, reference: `docker.io/${repository}:1.0.0` }])
  await pushLayout(host, folder)
  return made
}

const unlogged = ['--yes', '--key', 'cosign.key', '--tlog-upload=false', '--allow-http-registry']
const three = major >= 3 ? ['--use-signing-config=false'] : []
const legacy = major >= 3 ? ['--new-bundle-format=false'] : []

describe.skipIf(!ready)('signed with a key by the installed cosign', () => {
  test.for([
    ['the older form', [...three, ...legacy], []],
    ['the older form, with annotations', [...three, ...legacy, '-a', 'team=blue'], ['-a', 'team=blue']],
    ['a bundle', three, []],
    ['a bundle, with annotations', [...three, '-a', 'team=blue'], ['-a', 'team=blue']],
    ['the index and each platform', [...three, '--recursive'], []],
  ] as const)('%s', async ([what, flags, demanded]) => {
    const repository = `team/${what.replaceAll(/[^a-z]+/g, '-')}`
    const { digest } = await pushed(repository)
    const signing = run(room.path, ['sign', ...unlogged, ...flags, `${host}/${repository}@${digest}`])
    expect(signing.status, signing.stderr).toBe(0)
    const verify = (more: readonly string[]) =>
      meshproof(
        ['verify', 'image', `${host}/${repository}:1.0.0`, '--key', 'cosign.pub', '--insecure-ignore-tlog', ...more],
        { cwd: room.path },
      )
    const { code, stdout, stderr } = await verify(demanded)
    expect(code, stdout + stderr).toBe(0)
    expect((await verify(['-a', 'team=red'])).code).toBe(1)
  })

  test('the documented command and --explain cosign agree about what was signed', async () => {
    const repository = 'team/explained'
    const { digest } = await pushed(repository)
    run(room.path, ['sign', ...unlogged, ...three, `${host}/${repository}@${digest}`])
    const args = ['verify', 'image', `${host}/${repository}@${digest}`, '--key', 'cosign.pub', '--insecure-ignore-tlog']
    const { stdout } = await meshproof([...args, '--explain', 'cosign'], { cwd: room.path })
    expect(stdout).toContain('cosign verify')
    const known = ['verify', '--key', 'cosign.pub', '--insecure-ignore-tlog', '--allow-http-registry']
    const verified = run(room.path, [...known, `${host}/${repository}@${digest}`])
    expect(verified.status, verified.stderr).toBe(0)
  })
})

const rows = hasRelease ? readdirSync(`${release}/cases`).filter((name) => /^sig[23]-/.test(name)) : []
/** cosign reads what Kong documents; the profile that asks the same is compared. Names that only one of both looks at. */
const documented = [
  '--certificate-oidc-issuer=https://token.actions.githubusercontent.com',
  '--certificate-identity-regexp=https://github.com/Kong/kong-mesh/.github/workflows/kuma-_build_publish.yaml',
  '-a',
  'repo=Kong/kong-mesh',
  '-a',
  'workflow=build-test-distribute',
  `--trusted-root=${trustedRoot}`,
]

describe.skipIf(!ready || !hasRelease)('the release, by the documented command', () => {
  const strict = new Map<string, AnyAnswer>()
  const asDocumented = new Map<string, AnyAnswer>()
  const lineOf = (row: string) => linesOf('kong-release-layout', `cases/${row}`)[0]
  const listed = rows.filter((row) => lineOf(row) !== undefined)

  beforeAll(async () => {
    await Promise.all(listed.map((row) => pushLayout(host, layoutOf(`cases/${row}`), `cases/${row}/`)))
    const mirrors = listed.map((row) => `  "${host}/cases/${row}": docker.io`)
    writeFileSync(join(room.path, 'config.yaml'), `mirrors:\n${mirrors.join('\n')}\n`)
    for (const [answers, policy] of [
      [strict, undefined],
      [asDocumented, { profile: 'kong-mesh-as-documented' }],
    ] as const) {
      const lines = listed.flatMap((row) => {
        const line = lineOf(row)
        const asked = line === undefined ? undefined : askedOf(`${host}/cases/${row}`, line)
        return asked === undefined
          ? []
          : [JSON.stringify({ ...asked, id: row, ...(policy !== undefined && { policy }) })]
      })
      const env = { MESHPROOF_CONFIG: join(room.path, 'config.yaml') }
      const ran = await meshproof(['verify', 'batch', '-', '--root', release], { env, input: lines.join('\n') })
      for (const answer of ran.answers) answers.set(answer.id ?? '', answer)
    }
  })

  /** cosign 2 does not find bundles in a signature repository. */
  const comparable = (row: string): boolean => major >= 3 || row.startsWith('sig2')
  const passing: string[] = []

  test.for(listed)('%s', (row) => {
    const line = lineOf(row)
    const root = asDocumented.get(row)?.subjects?.[0]
    const image = line?.request.subject.image.replace(/^(?:index\.)?docker\.io/, `${host}/cases/${row}`)
    const target = `${image?.replace(/:[^/]*$/, '')}@${root?.subject}`
    const env = { COSIGN_REPOSITORY: `${host}/cases/${row}/kong/notary` }
    const { status, stderr } = run(room.path, ['verify', '--allow-http-registry', target, ...documented], env)
    if (status === 0) passing.push(row)
    // Whatever we trust, by the documented profile or the strict one, cosign does not refuse.
    if (comparable(row) && (root?.outcome === 'trusted' || strict.get(row)?.verdict === 'trusted'))
      expect(status, stderr).toBe(0)
  })

  test('what the documented command lets through and ours refuses; what both trust', () => {
    const good = listed.filter((row) => strict.get(row)?.verdict === 'trusted')
    expect(good.filter(comparable).length).toBeGreaterThanOrEqual(major >= 3 ? 6 : 3)
    expect(passing).toEqual(expect.arrayContaining(good.filter(comparable)))
    const letThrough = passing.filter((row) => !good.includes(row))
    console.info(`let through by cosign ${major}, refused by ours:\n  ${letThrough.join('\n  ')}`)
    expect(letThrough).toEqual(expect.arrayContaining(['sig2-trigger-dispatch', 'sig2-runner-self-hosted']))
  })
})
