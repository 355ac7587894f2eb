/** T104: odd surroundings; T72: no variable lowers a demand; secrets stay where they are. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reply, startRegistry, type TestRegistry } from '../registry/registry.ts'
import { meshproof, scratch } from './process.ts'
import { hold, policyFiles, policyWith, sign, smallImage } from './scene.ts'

const room = scratch()
const files = policyFiles(room.path)
const isRoot = process.getuid?.() === 0
let registry: TestRegistry
let good = ''
let unsigned = ''

beforeAll(async () => {
  registry = await startRegistry()
  const { index } = smallImage('environment')
  hold(registry, 'team/app', index, '1')
  sign(registry, 'team/app', index)
  hold(registry, 'team/unsigned', smallImage('nobody').index, '1')
  good = `${registry.host}/team/app:1`
  unsigned = `${registry.host}/team/unsigned:1`
})
afterAll(async () => {
  await registry.close()
  room.remove()
})

const verify = (image: string, env: Record<string, string | undefined>, args: readonly string[] = []) =>
  meshproof(['verify', 'image', image, '--policy', files.policy, '-o', 'json', ...args], { env })

describe('T104 still verifies', () => {
  const readOnly = (): string => {
    const folder = join(room.path, 'read-only')
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o500)
    return isRoot ? '/proc/meshproof' : folder
  }
  const unreadable = (): string => {
    const folder = join(room.path, 'docker')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'config.json'), '{"auths": ')
    return folder
  }
  test.for([
    ['no HOME', () => ({ HOME: undefined, MESHPROOF_CACHE_PATH: undefined })],
    ['an empty HOME', () => ({ HOME: '', MESHPROOF_CACHE_PATH: undefined })],
    ['no cache', () => ({ MESHPROOF_CACHE_PATH: '' })],
    ['a cache that may not be written', () => ({ MESHPROOF_CACHE_PATH: readOnly() })],
    ['a login file that does not read', () => ({ DOCKER_CONFIG: unreadable() })],
    ['no PATH', () => ({ PATH: undefined })],
    ['a terminal that can do nothing', () => ({ TERM: 'dumb', COLUMNS: '0', LANG: 'C', TZ: 'Nowhere/Else' })],
    ['a proxy, which is never asked for this machine', () => ({ http_proxy: 'http://127.0.0.1:1', HTTPS_PROXY: 'x' })],
  ] as const)('%s', async ([, env]) => {
    const { code, stdout, stderr } = await verify(good, env())
    expect(code, stdout + stderr).toBe(0)
    expect(stderr).toBe('')
  })

  test.skipIf(!isRoot)('an unknown uid', async () => {
    chmodSync(room.path, 0o755)
    const node = ['--import', 'data:text/javascript,process.setgid(54321);process.setuid(54321)']
    const env = { HOME: '/nonexistent', MESHPROOF_CACHE_PATH: undefined, NODE_COMPILE_CACHE: undefined }
    const args = ['verify', 'image', good, '--policy', files.policy, '-o', 'json']
    const { code, stderr, stdout } = await meshproof(args, { env, node, cwd: '/' })
    expect(code, stdout + stderr).toBe(0)
  })
})

/** A policy that reads the trusted root, which would be fetched if it might. */
const logged = (): string => {
  const path = join(room.path, 'logged.json')
  writeFileSync(path, JSON.stringify(policyWith({}, { transparency: { log: 1, sct: 0, time: 0 } })))
  return path
}

describe('proxies', () => {
  let proxy: Server
  let address = ''
  const seen: string[] = []
  beforeAll(async () => {
    proxy = createServer()
    proxy.on('connect', (request, socket) => {
      seen.push(request.url ?? '')
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    })
    await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening))
    address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`
  })
  afterAll(() => {
    proxy.closeAllConnections()
    proxy.close()
  })

  const hub = 'registry-1.docker.io:443'
  const tuf = 'tuf-repo-cdn.sigstore.dev:443'
  test.for([
    ['https_proxy', (to: string) => ({ https_proxy: `http://${to}` }), [hub, tuf]],
    ['HTTPS_PROXY without a scheme', (to: string) => ({ HTTPS_PROXY: to }), [hub, tuf]],
    ['NO_PROXY', (to: string) => ({ https_proxy: `http://${to}`, NO_PROXY: '.docker.io,sigstore.dev:443' }), []],
    ['no_proxy for one', (to: string) => ({ https_proxy: `http://${to}`, no_proxy: 'sigstore.dev' }), [hub]],
  ] as const)('T104 %s: registry and trusted root go the same way', async ([, env, through]) => {
    seen.length = 0
    const { code, stdout } = await meshproof(['verify', 'image', 'kong/kuma-cp:2.14.3', '-o', 'json'], {
      env: env(address),
    })
    expect(code, stdout).toBe(3)
    expect([...new Set(seen)].sort()).toEqual(through)
  })

  test('--offline asks nobody: neither proxy nor registry', async () => {
    seen.length = 0
    registry.requests.length = 0
    const env = { https_proxy: `http://${address}`, http_proxy: `http://${address}` }
    const args = ['verify', 'image', 'kong/kuma-cp:2.14.3', unsigned, '--policy', logged(), '--offline', '-o', 'json']
    const { code, answers } = await meshproof(args, { env })
    expect(code).toBe(3)
    for (const { subjects } of answers) expect(JSON.stringify(subjects)).toContain('evidence.offline')
    expect([seen, registry.lines()]).toEqual([[], []])
  })
})

describe('T72 no variable lowers a demand', () => {
  const source = fileURLToPath(new URL('../../src', import.meta.url))
  const sources = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: readFileSync(join(source, path), 'utf8') }))

  test('the variables that are read are these: where to look and how to show it, never what to ask', () => {
    const read = sources.flatMap(({ text }) => [
      ...[...text.matchAll(/(?:env\[|text\()'(\w+)'/g)].map(([, name]) => name),
      ...[...text.matchAll(/\bsecret\('[^']+', '(\w+)'/g)].map(([, name]) => name), // and its `_FILE`
      ...[...text.matchAll(/'(https?_proxy|no_proxy)'/g)].map(([, name]) => name),
      ...[...text.matchAll(/const \{ ([A-Z_, ]+) \} = process\.env/g)].flatMap(([, names]) => names?.split(', ')),
    ])
    expect([...new Set(read)].sort()).toEqual([
      'COSIGN_REPOSITORY',
      'DATABASE_URL',
      'DOCKER_CONFIG',
      'FORCE_COLOR',
      'HOME',
      'MESHPROOF_CACHE_BYTES',
      'MESHPROOF_CACHE_PATH',
      'MESHPROOF_CONFIG',
      'MESHPROOF_DATA',
      'MESHPROOF_DEBUG',
      'MESHPROOF_LISTEN',
      'MESHPROOF_LOG_URL',
      'MESHPROOF_MIRRORS',
      'MESHPROOF_OPERATIONS_LISTEN',
      'MESHPROOF_OPERATIONS_PORT',
      'MESHPROOF_PORT',
      'MESHPROOF_REGISTRY_ALLOWED',
      'MESHPROOF_REGISTRY_CA',
      'MESHPROOF_REGISTRY_INSECURE',
      'MESHPROOF_RELEASE_ALLOWED',
      'MESHPROOF_SERVER_ORIGIN',
      'MESHPROOF_SERVER_PROXIES',
      'MESHPROOF_TRUST_MIRROR',
      'MESHPROOF_TRUST_REFRESH',
      'NO_COLOR',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      'OTEL_SDK_DISABLED',
      'OTEL_TRACES_EXPORTER',
      'REDIS_URL',
      'SSL_CERT_FILE',
      'TERM',
      'XDG_CACHE_HOME',
      'XDG_CONFIG_HOME',
      'XDG_STATE_HOME',
      'http_proxy',
      'https_proxy',
      'no_proxy',
    ])
    // Whatever decides is given no environment at all.
    const readers = sources.filter(({ text }) => /process\.env\b/.test(text)).map(({ path }) => path.split('/')[0])
    expect([...new Set(readers)].sort()).toEqual(['cli', 'evidence'])
  })

  test('a hostile environment changes neither the verdict nor its id', async () => {
    const switches = [
      'SKIP_VERIFY',
      'INSECURE',
      'IGNORE_TLOG',
      'IGNORE_SCT',
      'TESTING',
      'OFFLINE',
      'POLICY',
      'AT',
      'RULES',
    ]
    const hostile = Object.fromEntries([
      ...switches.flatMap((name) => [
        [`MESHPROOF_${name}`, '1'],
        [`COSIGN_${name}`, 'true'],
      ]),
      ['SIGSTORE_NO_CACHE', '1'],
      ['SIGSTORE_REKOR_PUBLIC_KEY', files.key],
      ['SIGSTORE_ROOT_FILE', files.key],
      ['COSIGN_EXPERIMENTAL', '1'],
      ['SLSA_VERIFIER_TESTING', '1'],
      ['NODE_ENV', 'test'],
      ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
      ['DEBUG', '*'],
    ])
    const ids = async (image: string, env: Record<string, string>) => {
      const { answers, code } = await verify(image, env)
      return { code, verdicts: answers.flatMap(({ subjects }) => (subjects ?? []).map(({ verdictId }) => verdictId)) }
    }
    for (const image of [good, unsigned]) expect(await ids(image, hostile)).toEqual(await ids(image, {}))
  })

  test('a flag that lowers one is another policy, and the verdict names it', async () => {
    const args = ['verify', 'image', good, '--key', files.key, '-o', 'json']
    const policies = new Set<string>()
    for (const more of [[], ['--insecure-ignore-tlog']]) {
      const { answers } = await meshproof([...args, ...more])
      policies.add(answers[0]?.subjects?.[0]?.inputs.policy ?? '')
    }
    expect(policies.size).toBe(2)
  })
})

test('secrets are sent where they belong and shown nowhere', async () => {
  const [user, password] = ['canary-user', 'canary-password:with-colon']
  const auth = Buffer.from(`${user}:${password}`).toString('base64')
  const docker = join(room.path, 'login')
  mkdirSync(docker, { recursive: true })
  writeFileSync(join(docker, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
  registry.setFault(
    (request, response) =>
      request.headers.authorization === undefined &&
      reply(response, 401, { 'www-authenticate': 'Basic realm="canary-realm"' }),
  )
  const secrets = [password, 'canary-password', auth]
  try {
    const env = { DOCKER_CONFIG: docker, MESHPROOF_DEBUG: '1' }
    const pack = join(room.path, 'secret-pack')
    const shown = await Promise.all([
      verify(good, env, ['--save-pack', pack]),
      meshproof(['verify', 'image', good, '--policy', files.policy, '--explain'], { env }),
      meshproof(['verify', 'batch', '-'], {
        env,
        input: JSON.stringify({ subject: { image: good }, policy: policyWith() }),
      }),
      meshproof(['config', 'print'], { env }),
    ])
    expect(shown.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    expect(registry.requests.some(({ auth: sent }) => sent === `Basic ${auth}`)).toBe(true)
    const written = readdirSync(pack, { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.endsWith('sha256') && path !== 'blobs')
      .map((path) => readFileSync(join(pack, path), 'latin1'))
    for (const text of [...shown.flatMap(({ stdout, stderr }) => [stdout, stderr]), ...written])
      for (const secret of secrets) expect(text.includes(secret), text.slice(0, 200)).toBe(false)
  } finally {
    registry.setFault(undefined)
  }
})
