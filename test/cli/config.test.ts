/** `config print`: each setting with its value and where it came from; default < file < environment. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Name } from '../../src/core/reference.ts'
import { canonicalName, loadConfig } from '../../src/examine/config.ts'
import { meshproof, scratch } from './process.ts'

const room = scratch()
afterAll(() => room.remove())

const file = (name: string, text: string): string => {
  writeFileSync(join(room.path, name), text)
  return join(room.path, name)
}
const full = file(
  'full.yaml',
  `cache: { path: /from/file, bytes: 1000 }
registry: { insecure: [a.example, "b.example:5000"], ca: /ca.pem, allowed: [index.docker.io] }
release: { allowed: [a.example] }
server: { origin: "https://proof.example", proxies: [10.0.0.0/8] }
operations: { listen: 0.0.0.0, port: 9100 }
mirrors:
  mirror.example/hub: docker.io
  mirror.example/hub/own: registry.example/own
signatures: { repository: mirror.example/notary }
trust: { mirror: "https://tuf.example", refresh: false }
log: { url: "https://log.example" }
service: { listen: 0.0.0.0, port: 9000, data: /data/file }
`,
)
const of = (env: Record<string, string>, key: string) => {
  const found = loadConfig(env).settings.find((setting) => setting.key === key)
  return { value: found?.value, from: found?.from }
}

describe('default < file < environment', () => {
  const rows: readonly (readonly [string, unknown, unknown, string, string, unknown])[] = [
    ['cache.path', '/home/.cache/meshproof', '/from/file', 'MESHPROOF_CACHE_PATH', '/from/env', '/from/env'],
    ['cache.bytes', 1024 ** 3, 1000, 'MESHPROOF_CACHE_BYTES', '7', 7],
    [
      'registry.insecure',
      [],
      ['a.example', 'b.example:5000'],
      'MESHPROOF_REGISTRY_INSECURE',
      'c.example, d',
      ['c.example', 'd'],
    ],
    ['registry.ca', undefined, '/ca.pem', 'MESHPROOF_REGISTRY_CA', '/other.pem', '/other.pem'],
    ['registry.allowed', ['docker.io'], ['index.docker.io'], 'MESHPROOF_REGISTRY_ALLOWED', 'a:5000 b', ['a:5000', 'b']],
    [
      'release.allowed',
      [
        'github.com',
        'objects.githubusercontent.com',
        'release-assets.githubusercontent.com',
        'packages.konghq.com',
        'dl.cloudsmith.io',
      ],
      ['a.example'],
      'MESHPROOF_RELEASE_ALLOWED',
      'A.example:8443 b',
      ['A.example:8443', 'b'],
    ],
    ['server.origin', undefined, 'https://proof.example', 'MESHPROOF_SERVER_ORIGIN', 'http://a:1', 'http://a:1'],
    ['server.proxies', [], ['10.0.0.0/8'], 'MESHPROOF_SERVER_PROXIES', '::1, 192.0.2.0/24', ['::1', '192.0.2.0/24']],
    ['operations.listen', '127.0.0.1', '0.0.0.0', 'MESHPROOF_OPERATIONS_LISTEN', '::1', '::1'],
    ['operations.port', undefined, 9100, 'MESHPROOF_OPERATIONS_PORT', '9101', 9101],
    ['traces.endpoint', undefined, undefined, 'OTEL_EXPORTER_OTLP_ENDPOINT', 'http://a:4318', 'http://a:4318/'],
    [
      'mirrors',
      {},
      expect.objectContaining({ 'mirror.example/hub': 'docker.io' }),
      'MESHPROOF_MIRRORS',
      'a.example=docker.io',
      { 'a.example': 'docker.io' },
    ],
    ['signatures.repository', undefined, 'mirror.example/notary', 'COSIGN_REPOSITORY', 'kong/notary', 'kong/notary'],
    [
      'trust.mirror',
      undefined,
      'https://tuf.example',
      'MESHPROOF_TRUST_MIRROR',
      'https://other.example',
      'https://other.example',
    ],
    ['trust.refresh', true, false, 'MESHPROOF_TRUST_REFRESH', 'true', true],
    [
      'log.url',
      'https://rekor.sigstore.dev',
      'https://log.example',
      'MESHPROOF_LOG_URL',
      'http://127.0.0.1:3000',
      'http://127.0.0.1:3000',
    ],
    ['service.listen', '127.0.0.1', '0.0.0.0', 'MESHPROOF_LISTEN', '::1', '::1'],
    ['service.port', 8080, 9000, 'MESHPROOF_PORT', '9001', 9001],
    ['service.data', '/home/.local/state/meshproof', '/data/file', 'MESHPROOF_DATA', '/data/env', '/data/env'],
    ['service.database', undefined, undefined, 'DATABASE_URL', 'postgres://a/b', 'postgres://a/b'],
    ['service.redis', undefined, undefined, 'REDIS_URL', 'redis://a:1', 'redis://a:1'],
  ]
  test.for(rows)('%s', ([key, byDefault, inFile, variable, text, inEnv]) => {
    const home = { HOME: '/home' }
    expect(of(home, key)).toEqual({ value: byDefault, from: 'default' })
    const fromFile = { ...home, MESHPROOF_CONFIG: full }
    expect(of(fromFile, key)).toEqual({ value: inFile, from: inFile === undefined ? 'default' : full })
    expect(of({ ...fromFile, [variable]: text }, key)).toEqual({ value: inEnv, from: `environment ${variable}` })
    // An empty variable says nothing; that of the cache says that there shall be none.
    const empty = of({ ...fromFile, [variable]: '' }, key)
    expect(empty.value).toEqual(key === 'cache.path' ? '' : inFile)
  })
  test('every setting stands in the table above', () => {
    expect(loadConfig({}).settings.map(({ key }) => key)).toEqual(rows.map(([key]) => key))
  })
})

test('the file is found where XDG says, else in HOME', () => {
  for (const base of [join(room.path, 'xdg'), join(room.path, 'home/.config')]) {
    mkdirSync(join(base, 'meshproof'), { recursive: true })
    writeFileSync(join(base, 'meshproof/config.yaml'), `cache: { path: ${base} }\n`)
  }
  const home = { HOME: join(room.path, 'home') }
  expect(of(home, 'cache.path').value).toBe(join(room.path, 'home/.config'))
  expect(of({ ...home, XDG_CONFIG_HOME: join(room.path, 'xdg') }, 'cache.path').value).toBe(join(room.path, 'xdg'))
  expect(of({ ...home, XDG_CONFIG_HOME: 'relative' }, 'cache.path').value).toBe(join(room.path, 'home/.config'))
})

test('names are known by their origin, by the longest prefix that ends on a border', () => {
  const name = canonicalName(loadConfig({ MESHPROOF_CONFIG: full }).mirrors)
  const rows = {
    'mirror.example/hub/kong/kuma-cp': 'docker.io/kong/kuma-cp',
    'mirror.example/hub/own/app': 'registry.example/own/app',
    'mirror.example/hubble/app': 'mirror.example/hubble/app',
    'docker.io/kong/kuma-cp': 'docker.io/kong/kuma-cp',
  }
  for (const [from, to] of Object.entries(rows)) expect(name(from as Name)).toBe(to)
})

test.for([
  ['a key that is not known', 'registry: { insecur: [a] }', 'registry: Unrecognized key'],
  ['a switch that would weaken', 'policy: { ignore: true }', 'document: Unrecognized key: "policy"'],
  ['another type', 'cache: { bytes: "many" }', 'cache.bytes'],
  ['no YAML', 'cache: [', 'broken.yaml: '],
  ['a mirror that is no name', 'mirrors: { "UPPER/x": docker.io }', 'mirrors: UPPER/x is no name'],
  ['an address that is none', 'trust: { mirror: tuf.example }', 'trust.mirror: tuf.example is no address'],
  ['a log without address', 'log: { url: log.example }', 'log.url: log.example is no address'],
] as const)('%s: exit 2, and the place', async ([, text, says]) => {
  const { code, stdout, stderr } = await meshproof(['config', 'print'], {
    env: { MESHPROOF_CONFIG: file('broken.yaml', text), COLUMNS: '400' },
  })
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain(says)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
})

test.for([
  ['MESHPROOF_CONFIG', '/nowhere.yaml', /nowhere.yaml, which is not there/],
  ['MESHPROOF_CACHE_BYTES', '1 GiB', /MESHPROOF_CACHE_BYTES is no whole number/],
  ['MESHPROOF_MIRRORS', 'a.example', /a.example is not mirror=origin/],
] as const)('%s=%s: exit 2', ([variable, text, says]) => {
  expect(() => loadConfig({ [variable]: text })).toThrowError(
    expect.objectContaining({ code: 'config.malformed', parameters: { found: expect.stringMatching(says) } }),
  )
})

test('for people and for programs', async () => {
  const env = { MESHPROOF_CONFIG: full, MESHPROOF_CACHE_PATH: undefined, COSIGN_REPOSITORY: 'kong/notary' }
  const { stdout, code } = await meshproof(['config', 'print'], { env })
  expect(code).toBe(0)
  expect(stdout).toContain(`cache.path             "/from/file"  (${full}; MESHPROOF_CACHE_PATH)`)
  expect(stdout).toContain('signatures.repository  "kong/notary"  (environment COSIGN_REPOSITORY; COSIGN_REPOSITORY)')
  const json = JSON.parse((await meshproof(['config', 'print', '-o', 'json'], { env })).stdout)
  expect(json).toContainEqual({ key: 'cache.bytes', value: 1000, from: full, env: 'MESHPROOF_CACHE_BYTES' })
})

describe('what holds a password', () => {
  const url = 'postgres://user:hunter2@db.example/meshproof?sslpassword=hunter2&sslmode=require'
  test('is read from a file that the environment names, and shown without it', async () => {
    const secret = file('secret', `${url}\n`)
    const { service } = loadConfig({ DATABASE_URL_FILE: secret, REDIS_URL_FILE: file('redis', 'no address: hunter2') })
    expect(service.databaseUrl).toBe(url)
    for (const env of [
      { DATABASE_URL: url, REDIS_URL: 'redis://:hunter2@cache.example' },
      { DATABASE_URL_FILE: secret, REDIS_URL_FILE: join(room.path, 'redis') },
    ])
      for (const args of [[], ['-o', 'json']]) {
        const { code, stdout } = await meshproof(['config', 'print', ...args], { env })
        expect(code).toBe(0)
        expect(stdout).not.toContain('hunter2')
        expect(stdout).toContain('postgres://user:***@db.example/meshproof?')
        expect(stdout).toContain(Object.keys(env)[0])
      }
  })
  test('the environment itself goes before the file it names', () => {
    const other = file('other', 'postgres://other/db')
    expect(loadConfig({ DATABASE_URL: url, DATABASE_URL_FILE: other }).service.databaseUrl).toBe(url)
  })
  test('a file that is not there, and a port that is none, are named', async () => {
    for (const [env, word] of [
      [{ DATABASE_URL_FILE: '/nowhere/secret' }, 'DATABASE_URL_FILE names /nowhere/secret'],
      [{ MESHPROOF_PORT: '65536' }, 'MESHPROOF_PORT'],
      [{ MESHPROOF_PORT: 'http' }, 'MESHPROOF_PORT'],
    ] as const) {
      const { code, stderr } = await meshproof(['config', 'print'], { env })
      expect(code).toBe(2)
      expect(stderr).toContain('config.malformed')
      expect(stderr).toContain(word)
    }
  })
})

test.each([
  ['10.0.0.0/33', false],
  ['0.0.0.0/0', false],
  ['::/0', false],
  ['proxy.example', false],
  ['10.0.0.1/8/8', false],
  ['fe80::1%eth0', false],
  ['10.0.0.1', true],
  ['fd00::/8', true],
])('a proxy that may speak for others is an address or a network: %s', (text, isOne) => {
  const load = () => loadConfig({ MESHPROOF_SERVER_PROXIES: text })
  if (isOne) expect(load().proxies).toEqual([text])
  else expect(load).toThrow(expect.objectContaining({ code: 'config.malformed' }))
})

test.each([
  ['MESHPROOF_TRUST_REFRESH', 'yes'],
  ['MESHPROOF_OPERATIONS_PORT', '70000'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector'],
])('%s that says nothing of use is named', (name, text) => {
  expect(() => loadConfig({ [name]: text })).toThrow(
    expect.objectContaining({ code: 'config.malformed', parameters: { found: expect.stringContaining(name) } }),
  )
})
