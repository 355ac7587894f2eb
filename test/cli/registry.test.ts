/** What is asked of a registry, request by request, and where signatures may be kept. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startRegistry, type TestRegistry } from '../registry/registry.ts'
import { type AnyAnswer, meshproof, type Ran, scratch } from './process.ts'
import { hold, policyFiles, policyWith, sign, smallImage } from './scene.ts'

const room = scratch()
const files = policyFiles(room.path)
const registries: TestRegistry[] = []
let api: TestRegistry
let plain: TestRegistry

beforeAll(async () => {
  api = await startRegistry()
  plain = await startRegistry({ referrers: 'fallback' })
  registries.push(api, plain)
})
beforeEach(() => {
  for (const registry of registries) registry.requests.length = 0
})
afterAll(async () => {
  for (const registry of registries) await registry.close()
  room.remove()
})

const verify = (
  image: string,
  args: readonly string[] = [],
  env: Record<string, string | undefined> = {},
): Promise<Ran> => meshproof(['verify', 'image', image, '--policy', files.policy, '-o', 'json', ...args], { env })

const sorted = (registry: TestRegistry): readonly string[] => [...registry.lines()].sort()
const hex = (digest: string): string => digest.replace(':', '-')

describe('requests', () => {
  test.for([
    { form: 'legacy', referrers: 'api' },
    { form: 'bundle', referrers: 'api' },
    { form: 'legacy', referrers: 'fallback' },
    { form: 'bundle', referrers: 'fallback' },
  ] as const)(
    '$form, referrers by $referrers: once each, then one HEAD by tag and nothing by digest',
    async ({ form, referrers: by }) => {
      const registry = by === 'api' ? api : plain
      const path = `requests/${form}`
      const { index, amd64, arm64 } = smallImage(`requests ${form} ${by}`)
      hold(registry, path, index, '1.0.0')
      sign(registry, path, index, { form })
      const env = { MESHPROOF_CACHE_PATH: join(room.path, `cache-${registry.host}-${form}`) }
      const base = `GET /v2/${path}`

      const first = await verify(`${registry.host}/${path}:1.0.0`, [], env)
      expect(first.code, first.stdout + first.stderr).toBe(0)
      const digests = [index, amd64, arm64].map(({ digest }) => digest)
      const fallback = registry === plain ? digests.map((digest) => `${base}/manifests/${hex(digest)}`) : []
      const evidence = registry.requests.map(({ path: asked }) => asked).filter((asked) => asked.includes('/blobs/'))
      const referrers = first.answers[0]?.subjects?.[0]?.beside.asked.flatMap(({ question }) =>
        question.ask === 'manifest' && !digests.includes(question.digest)
          ? [`${base}/manifests/${question.digest}`]
          : [],
      )
      expect(sorted(registry)).toEqual(
        [
          `${base}/manifests/1.0.0`,
          ...digests.flatMap((digest) => [`${base}/manifests/${hex(digest)}.sig`, `${base}/referrers/${digest}`]),
          ...fallback,
          ...(form === 'bundle' ? (referrers ?? []) : []),
          ...evidence.map((asked) => `GET ${asked}`),
        ].sort(),
      )
      expect(evidence).toHaveLength(1)
      expect(referrers).toHaveLength(form === 'bundle' ? 1 : 0)

      registry.requests.length = 0
      const byTag = await verify(`${registry.host}/${path}:1.0.0`, [], env)
      expect(byTag.code).toBe(0)
      expect(registry.lines()).toEqual([`HEAD /v2/${path}/manifests/1.0.0`])

      registry.requests.length = 0
      const byDigest = await verify(`${registry.host}/${path}@${index.digest}`, [], env)
      expect(byDigest.code).toBe(0)
      expect(registry.lines()).toEqual([])
    },
  )
})

test('T29 six combinations, each with its exact subjects', async () => {
  const alone = { inherit: ['attestation'] }
  const rows = [
    ['index', {}, 'trusted', ['root trusted', 'linux/amd64 trusted', 'linux/arm64 trusted']],
    ['index', alone, 'rejected', ['root trusted', 'linux/amd64 rejected', 'linux/arm64 rejected']],
    ['platforms', {}, 'rejected', ['root rejected', 'linux/amd64 trusted', 'linux/arm64 trusted']],
    ['platforms', alone, 'rejected', ['root rejected', 'linux/amd64 trusted', 'linux/arm64 trusted']],
    ['both', alone, 'trusted', ['root trusted', 'linux/amd64 trusted', 'linux/arm64 trusted']],
    ['neither', {}, 'rejected', ['root rejected', 'linux/amd64 rejected', 'linux/arm64 rejected']],
  ] as const
  const lines = rows.map(([signed, policy], i) => {
    const path = `t29/${i}`
    const { index, amd64, arm64 } = smallImage(`${signed} ${i}`)
    hold(api, path, index, '1.0.0')
    if (signed === 'index' || signed === 'both') sign(api, path, index)
    if (signed === 'platforms' || signed === 'both') for (const one of [amd64, arm64]) sign(api, path, one)
    const subject = { image: `${api.host}/${path}:1.0.0` }
    return {
      digests: [index, amd64, arm64].map(({ digest }) => digest),
      request: { subject, policy: policyWith(policy) },
    }
  })
  const input = lines.map(({ request }) => JSON.stringify(request)).join('\n')
  const { answers, code } = await meshproof(['verify', 'batch', '-'], { input })
  expect(code).toBe(1)
  for (const [i, [, , verdict, subjects]] of rows.entries()) {
    expect(answers[i]?.verdict, `row ${i}`).toBe(verdict)
    expect(told(answers[i]), `row ${i}`).toEqual(subjects)
    expect(answers[i]?.subjects?.map(({ subject }) => subject)).toEqual(lines[i]?.digests)
  }
})

const told = (answer: AnyAnswer | undefined): readonly string[] =>
  (answer?.subjects ?? []).map(({ platform, role, outcome }) => `${platform ?? role} ${outcome}`)

describe('the place of signatures', () => {
  const { index } = smallImage('places')
  const reference = () => `${api.host}/places/app:1.0.0`
  beforeAll(() => {
    hold(api, 'places/app', index, '1.0.0')
    sign(api, 'places/notary', index, { reference: 'registry.example/places/app' })
  })

  test("nothing says where: the image's own repository holds none", async () => {
    const { code, answers } = await verify(reference())
    expect(code).toBe(1)
    expect(answers[0]?.subjects?.[0]?.findings.map(({ code }) => code)).toContain('signature.absent')
  })

  test.for([
    ['a flag', (host: string) => ({ args: ['--signature-repository', `${host}/places/notary`], env: {} })],
    ['the environment', (host: string) => ({ args: [], env: { COSIGN_REPOSITORY: `${host}/places/notary` } })],
    ['a configuration file', (host: string) => ({ args: [], env: { MESHPROOF_CONFIG: configured(host) } })],
  ] as const)('%s names it', async ([, how]) => {
    const { args, env } = how(api.host)
    const { code, stdout } = await verify(reference(), args, env)
    expect(code, stdout).toBe(0)
  })

  const configured = (host: string): string => {
    const file = join(room.path, 'signatures.yaml')
    writeFileSync(file, `signatures:\n  repository: ${host}/places/notary\n`)
    return file
  }

  test('the policy names it', async () => {
    const policy = join(room.path, 'with-place.json')
    const name = `${api.host}/places/app`
    writeFileSync(policy, JSON.stringify(policyWith({ images: [{ name, signatures: `${api.host}/places/notary` }] })))
    const { code, stdout } = await meshproof(['verify', 'image', reference(), '--policy', policy, '-o', 'json'])
    expect(code, stdout).toBe(0)
  })

  test('the policy names it, and the image came through a mirror: the mirror is asked, the origin is not', async () => {
    const policy = join(room.path, 'with-origin.json')
    const images = [{ name: 'origin.invalid/places/app', signatures: 'origin.invalid/places/notary' }]
    writeFileSync(policy, JSON.stringify(policyWith({ images })))
    const args = ['verify', 'image', `${api.host}/places/app@${index.digest}`, '--policy', policy, '-o', 'json']
    const { code, stdout, answers } = await meshproof(args, {
      env: { MESHPROOF_MIRRORS: `${api.host}=origin.invalid` },
    })
    expect(code, stdout).toBe(0)
    const asked = answers[0]?.subjects?.[0]?.beside.asked ?? []
    const of = asked.map(({ question }) => ('image' in question ? question.image.split('/')[0] : ''))
    expect(new Set(of)).toEqual(new Set([api.host]))
  })
})
