import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { limits } from '../../../src/core/limits.ts'
import { parseReference } from '../../../src/core/reference.ts'
import { processHelper } from '../../../src/evidence/registry/credential-helper.ts'
import { dockerCredentials, type Helper } from '../../../src/evidence/registry/docker-config.ts'
import { caseFile, hasField } from './field.ts'

const noHelper: Helper = () => Promise.resolve(undefined)
const signal = AbortSignal.timeout(30_000)
const base64 = (text: string): string => Buffer.from(text).toString('base64')

async function held(config: object, reference: string, helper: Helper = noHelper): Promise<string | undefined> {
  const parts = parseReference(reference)
  if ('code' in parts) throw new Error(reference)
  const credential = await dockerCredentials(JSON.stringify(config), helper)?.for(parts.host, parts.path, signal)
  return credential?.kind === 'password'
    ? `${credential.username} ${credential.password}`
    : credential && `${credential.kind} ${credential.token}`
}

test('T46 an entry is for its exact host and port, never for a name that contains it', async () => {
  const auths = { 'registry.example': { auth: base64('user:pass') } }
  for (const near of [
    'evil-registry.example',
    'registry.example.evil',
    'registry.example:5000',
    'example',
    'xregistry.example',
    'evil.example/registry.example',
  ])
    expect(await held({ auths }, `${near}/app:1`), near).toBeUndefined()
  for (const same of ['registry.example', 'REGISTRY.example'])
    expect(await held({ auths }, `${same}/app:1`)).toBe('user pass')
})

test('T90 the longest path that ends on a segment border wins, in any order of the file', async () => {
  const entries = Object.entries({
    'registry.example': { auth: base64('general:g') },
    'https://registry.example/team-a/': { auth: base64('a:1') },
    'registry.example/team-a/sub': { auth: base64('sub:2') },
    'registry.example/team-ab': { auth: base64('ab:3') },
  })
  for (const order of [entries, entries.toReversed()]) {
    const auths = Object.fromEntries(order)
    const table = {
      'team-a': 'a 1',
      'team-a/app': 'a 1',
      'team-a/sub': 'sub 2',
      'team-a/sub/app': 'sub 2',
      'team-a/subs': 'a 1',
      'team-ab/x': 'ab 3',
      'team-abc/x': 'general g',
    }
    for (const [path, expected] of Object.entries(table))
      expect(await held({ auths }, `registry.example/${path}:1`), path).toBe(expected)
  }
})

test('T90 the order is helper of the host, store, file; one that knows nothing leaves it to the next', async () => {
  const config = {
    auths: { 'a.example': { auth: base64('file:3') } },
    credHelpers: { 'a.example': 'mine' },
    credsStore: 'store',
  }
  const helper =
    (known: readonly string[]): Helper =>
    (name, server) => {
      expect(server).toBe('a.example')
      return Promise.resolve(known.includes(name) ? { kind: 'password', username: name, password: 'p' } : undefined)
    }
  expect(await held(config, 'a.example/x:1', helper(['mine', 'store']))).toBe('mine p')
  expect(await held(config, 'a.example/x:1', helper(['store']))).toBe('store p')
  expect(await held(config, 'a.example/x:1', helper([]))).toBe('file 3')
})

test('T90 Docker Hub under each of its names; a store is asked for its old URL', async () => {
  for (const key of [
    'https://index.docker.io/v1/',
    'docker.io',
    'index.docker.io',
    'registry-1.docker.io',
    'https://index.docker.io/v2/',
  ])
    expect(await held({ auths: { [key]: { auth: base64('hub:p') } } }, 'kong/kuma-cp:2.14.3'), key).toBe('hub p')
  const asked: string[] = []
  await held({ credsStore: 'store' }, 'kong/kuma-cp:2.14.3', (_, server) => {
    asked.push(server)
    return Promise.resolve(undefined)
  })
  expect(asked).toEqual(['https://index.docker.io/v1/'])
})

test('T90 forms of an entry: colons in the password, tokens, plain fields, nothing', async () => {
  const entry = (value: object) => held({ auths: { 'a.example': value } }, 'a.example/x:1')
  expect(await entry({ auth: base64('robot$a+ci:p:w:') })).toBe('robot$a+ci p:w:')
  expect(await entry({ auth: base64('<token>:'), identitytoken: 'refresh' })).toBe('identity-token refresh')
  expect(await entry({ registrytoken: 'bearer' })).toBe('bearer bearer')
  expect(await entry({ username: 'u', password: 'p' })).toBe('u p')
  for (const nothing of [{}, { auth: '' }, { auth: base64('nocolon') }, { auth: base64(':x') }])
    expect(await entry(nothing)).toBeUndefined()
})

test('a file that is no configuration holds no credentials', () => {
  for (const text of ['', 'null', '[]', '{', '{"auths":[]}', '{"auths":{"a":"b"}}'])
    expect(dockerCredentials(text, noHelper)).toBeUndefined()
})

/** A program on a PATH of its own. */
async function program(name: string, script: string): Promise<NodeJS.ProcessEnv> {
  const folder = await mkdtemp(join(tmpdir(), 'helper-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`)
  await chmod(join(folder, name), 0o700)
  return { PATH: `${folder}:/usr/bin:/bin` }
}

test('T90 a credential helper gets the server on its input and no shell', async () => {
  const env = await program(
    'docker-credential-mine',
    'read server; [ "$1" = get ] && printf \'{"ServerURL":"%s","Username":"u","Secret":"s-%s"}\' "$server" "$server"',
  )
  expect(await processHelper(limits, env)('mine', 'a.example', signal)).toEqual({
    kind: 'password',
    username: 'u',
    password: 's-a.example',
  })
  expect(await processHelper(limits, env)('mine', '$(id);a.example', signal)).toMatchObject({
    password: 's-$(id);a.example',
  })
  const token = await program('docker-credential-mine', 'echo \'{"Username":"<token>","Secret":"refresh"}\'')
  expect(await processHelper(limits, token)('mine', 'a.example', signal)).toEqual({
    kind: 'identity-token',
    token: 'refresh',
  })
})

test('T41 T90 a helper that is missing, fails, hangs, babbles, or has a path for a name, knows nothing', async () => {
  const bad = [
    'echo "credentials not found in native keychain"; exit 1',
    'exec sleep 60',
    'yes',
    'echo not json',
    'echo \'{"Username":"u","Secret":""}\'',
  ]
  for (const script of bad) {
    const env = await program('docker-credential-mine', script)
    expect(await processHelper({ ...limits, helperMs: 300 }, env)('mine', 'a.example', signal), script).toBeUndefined()
  }
  const env = await program('evil', 'echo \'{"Username":"u","Secret":"s"}\'')
  for (const name of ['missing', '../evil', '/bin/sh', 'a b', '-x', '', 'A', 'x;id'])
    expect(await processHelper(limits, env)(name, 'a.example', signal), name).toBeUndefined()
})

describe.skipIf(!hasField)('field', () => {
  test('T90 F-010 whose credentials are held for each reference', async () => {
    const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(caseFile('F-010', file), 'utf8'))
    const helpers = (await read('helpers.json')) as Record<string, Record<string, { Username: string; Secret: string }>>
    const helper: Helper = (name, server) => {
      const known = helpers[`docker-credential-${name}`]?.[server]
      return Promise.resolve(known && { kind: 'password', username: known.Username, password: known.Secret })
    }
    const config = (await read('config.json')) as object
    for (const { reference, user, secret } of (await read('expected.json')) as {
      reference: string
      user: string | null
      secret: string | null
    }[])
      expect(await held(config, reference, helper), reference).toBe(user === null ? undefined : `${user} ${secret}`)
  })
})
