/** `--save-pack` and `replay`: the same bytes without network, and what differs when it is asked otherwise. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthority } from '../authority/authority.ts'
import { githubIssuer } from '../authority/github.ts'
import { startRegistry, type TestRegistry } from '../registry/registry.ts'
import { meshproof, type Ran, scratch } from './process.ts'
import { authority, hold, keyBase64, policyFiles, policyWith, sign, smallImage, stranger } from './scene.ts'

const room = scratch()
const files = policyFiles(room.path)
const at = (name: string): string => join(room.path, name)
const write = (name: string, value: object): string => {
  writeFileSync(at(name), JSON.stringify(value))
  return at(name)
}
const hasSkopeo = spawnSync('skopeo', ['--version']).status === 0
if (!hasSkopeo) console.warn('carrying a pack by skopeo skipped: it is not installed (apt install skopeo)')

let registry: TestRegistry
const image = smallImage('packed')
const verdictIds = ({ answers }: Ran) => answers.flatMap(({ subjects }) => (subjects ?? []).map((one) => one.verdictId))
const saved: Record<string, Ran> = {}

/** Keyless, by an authority of the test, so that a trusted root matters. */
const keyless = {
  schema: 'urn:meshproof:policy:v1',
  name: 'keyless',
  requirements: [
    {
      id: 'own',
      candidate: 'signature',
      signer: {
        issuer: githubIssuer,
        identity: { matches: 'https://github\\.com/Kong/kong-mesh/.*' },
      },
    },
  ],
}

beforeAll(async () => {
  registry = await startRegistry()
  hold(registry, 'team/app', image.index, '1.0.0')
  sign(registry, 'team/app', image.index)
  hold(registry, 'team/unsigned', smallImage('unsigned').index, '1.0.0')
  writeFileSync(at('artifact'), 'hello')
  const bundle = write('keyless.sigstore.json', authority.sign({ message: 'hello' }).bundle)
  const root = write('root.json', authority.trustedRoot())
  const policy = write('keyless.json', keyless)
  const lines = [{ id: 'good', subject: { image: `${registry.host}/team/app:1.0.0` }, policy: policyWith() }]
  const bad = { id: 'bad', subject: { image: `${registry.host}/team/unsigned:1.0.0` }, policy: policyWith() }
  const input = [...lines, bad, { id: 'none' }].map((line) => JSON.stringify(line)).join('\n')
  const reference = `${registry.host}/team/app:1.0.0`
  const runs: readonly (readonly [string, readonly string[], string?])[] = [
    ['image', ['verify', 'image', reference, '--policy', files.policy, '-o', 'json']],
    [
      'bundle',
      [
        'verify',
        'bundle',
        '--bundle',
        bundle,
        '--policy',
        policy,
        '--trusted-root',
        root,
        '-o',
        'json',
        at('artifact'),
      ],
    ],
    ['batch', ['verify', 'batch', '-'], input],
  ]
  for (const [name, args, given] of runs)
    saved[name] = await meshproof([...args, '--save-pack', at(name)], given === undefined ? {} : { input: given })
  registry.requests.length = 0
})
afterAll(async () => {
  expect(registry.requests).toEqual([]) // no replay asked anybody
  await registry.close()
  room.remove()
})

const replay = (pack: string, ...more: readonly string[]): Promise<Ran> => meshproof(['replay', pack, ...more])

describe('judged again', () => {
  test.for([
    ['image', 0],
    ['bundle', 0],
    ['batch', 1],
  ] as const)('%s: the same verdicts, byte for byte', async ([name, code]) => {
    const before = saved[name]
    expect(before?.stderr).toContain(`meshproof replay ${at(name)}`)
    const again = await replay(at(name), '-o', 'json')
    expect(again.code, again.stderr).toBe(code)
    expect(verdictIds(again)).toEqual(before === undefined ? [] : verdictIds(before))
    expect(again.stdout.match(/"replay":\{"same":true/g)).toHaveLength(again.answers.length)
  })

  test('a batch keeps what was judged; a line that was none is not in it', async () => {
    expect(saved['batch']?.answers).toHaveLength(3)
    expect((await replay(at('batch'), '-o', 'json')).answers.map(({ id }) => id)).toEqual(['good', 'bad'])
  })

  test('for people: a table, and one line a request', async () => {
    const { stdout } = await replay(at('image'))
    expect(stdout).toContain('the same verdict, byte for byte')
  })
})

describe('asked otherwise', () => {
  const other = () =>
    write('other.json', policyWith({}, { signer: { keys: [{ key: { base64: keyOf(stranger.pem) } }] } }))
  const keyOf = (pem: string) => Buffer.from(pem).toString('base64')
  const early = '2020-01-01T00:00:00Z'

  test.for([
    [
      'another policy',
      'image',
      () => ['--policy', other()],
      1,
      /was trusted; is rejected own: was pass requirement\.met; is fail signature\.invalid/,
    ],
    ['the same policy', 'image', () => ['--policy', files.policy], 0, /the same outcomes/],
    ['a profile', 'image', () => ['--profile', 'kong-mesh'], 3, /was trusted; is inconclusive/],
    [
      'another root',
      'bundle',
      () => ['--trusted-root', write('second.json', createAuthority().trustedRoot())],
      1,
      /is rejected/,
    ],
    ['another date', 'bundle', () => ['--at', early], 1, /is rejected own: was pass requirement\.met; is fail time\./],
  ] as const)('%s', async ([, pack, args, code, says]) => {
    const ran = await replay(at(pack), ...args())
    expect(ran.stdout.replaceAll(/\s+/g, ' ')).toMatch(says)
    expect(ran.code, ran.stdout).toBe(code)
  })

  test('a date that is none', async () => {
    const ran = await replay(at('bundle'), '--at', 'yesterday')
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('request.at-malformed')
  })
})

describe('a damaged pack', () => {
  const blobs = (pack: string): readonly string[] => readdirSync(join(at(pack), 'blobs/sha256')).sort()
  const copy = (name: string): string => {
    rmSync(at(name), { recursive: true, force: true })
    cpSync(at('image'), at(name), { recursive: true })
    return at(name)
  }

  test('T94 any blob of it altered is told by its name', async () => {
    const names = blobs('image')
    for (const blob of [names[0], names[Math.floor(names.length / 2)], names.at(-1)]) {
      const path = join(copy('altered'), 'blobs/sha256', blob ?? '')
      writeFileSync(path, `${readFileSync(path, 'latin1')} `, 'latin1')
      const { code, stderr } = await replay(at('altered'))
      expect(code).toBe(3)
      expect(stderr.replaceAll(/\s+/g, ' ')).toContain(`does not hash to its name ${blob}`)
      expect(stderr).toContain('evidence.digest-mismatch')
    }
  })

  test.for([
    ['no index', (pack: string) => rmSync(join(pack, 'index.json')), 'pack.malformed'],
    [
      'an index that lists nothing',
      (pack: string) => writeFileSync(join(pack, 'index.json'), '{"schemaVersion":2,"manifests":[]}'),
      'pack.malformed',
    ],
    ['no blobs', (pack: string) => rmSync(join(pack, 'blobs'), { recursive: true }), 'pack.malformed'],
  ] as const)('%s: %s', async ([, damage, code]) => {
    const pack = copy('broken')
    damage(pack)
    const ran = await replay(pack)
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain(code)
  })

  test('a blob that is missing is missing evidence, and nothing is judged the same', async () => {
    let told = 0
    for (const blob of blobs('image')) {
      const pack = copy('missing')
      rmSync(join(pack, 'blobs/sha256', blob))
      const { code, stdout, stderr } = await replay(pack)
      expect(stderr + stdout, blob).not.toContain('internal.crash')
      if (`${stderr}${stdout}`.includes('evidence.missing')) told++
      if (code === 0) expect(stdout).toContain('byte for byte')
    }
    expect(told).toBeGreaterThan(0)
  })
})

test('a pack goes into a new or an empty folder only, said before anything is asked', async () => {
  mkdirSync(at('empty'))
  const run = (folder: string) =>
    meshproof(['verify', 'image', 'a/b', '--policy', files.policy, '--offline', '--save-pack', folder])
  const refused = await run(at('image'))
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain('writes into a new folder')
  expect((await run(at('empty'))).code).toBe(3)
  expect(readdirSync(at('empty'))).toContain('oci-layout')
})

test.skipIf(!hasSkopeo)('skopeo carries a pack', async () => {
  const copied = spawnSync('skopeo', [
    '--insecure-policy',
    'copy',
    `oci:${at('image')}:meshproof-pack`,
    `oci:${at('carried')}:x`,
  ])
  expect(String(copied.stderr)).toBe('')
  const again = await replay(at('carried'), '-o', 'json')
  expect(again.code).toBe(0)
  expect(verdictIds(again)).toEqual(saved['image'] === undefined ? [] : verdictIds(saved['image']))
})

test('keys and roots stand in a pack, secrets do not', () => {
  const everything = readdirSync(join(at('image'), 'blobs/sha256'))
    .map((blob) => readFileSync(join(at('image'), 'blobs/sha256', blob), 'latin1'))
    .join('\n')
  expect(everything).toContain(keyBase64)
  expect(everything).not.toMatch(/PRIVATE KEY|authorization/i)
})
