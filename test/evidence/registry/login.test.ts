import { expect, test } from 'vitest'
import { HostRules } from '../../../src/evidence/http/host-rules.ts'
import { readChallenge } from '../../../src/evidence/registry/challenge.ts'
import type { Credential, Credentials } from '../../../src/evidence/registry/credentials.ts'
import { realmOf } from '../../../src/evidence/registry/realm.ts'
import { type Fault, reply, type TestRegistry } from '../../registry/registry.ts'
import { ask, blob, client, image, registry, resolve, tag, word } from './setup.ts'

const password = { kind: 'password', username: 'robot$a', password: 'p:w' } as const
const holds = (credential: Credential | undefined): Credentials => ({ for: () => Promise.resolve(credential) })
const basicHeader = `Basic ${Buffer.from('robot$a:p:w').toString('base64')}`

/** Wants the token `good`, and gives it at `/token` as `give` says. */
async function guarded(give: Fault, realm?: string): Promise<{ server: TestRegistry; digest: string }> {
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  server.setFault((request, response, self) => {
    if (request.url?.startsWith('/token') === true) return give(request, response, self)
    if (request.headers.authorization === 'Bearer good') return false
    return reply(response, 401, {
      'www-authenticate': `Bearer realm="${realm ?? `${self.origin}/token`}",service="svc",scope="repository:team/app:pull,push"`,
    })
  })
  return { server, digest }
}
const giveGood: Fault = (_, response) => reply(response, 200, {}, '{"token":"good"}')

test('a token is fetched once for a repository, for pull only, anonymously where nobody is logged in', async () => {
  const { server, digest } = await guarded(giveGood)
  const layer = server.addBlob('team/app', 'payload')
  const one = client([server])
  expect(word((await ask(one, resolve(server))).outcome)).toBe(digest)
  expect(word((await ask(one, blob(server, layer))).outcome)).toBe(layer)
  const tokens = server.requests.filter(({ path }) => path === '/token')
  expect(tokens).toHaveLength(1)
  expect(tokens[0]?.auth).toBeUndefined()
  expect(Object.fromEntries(new URLSearchParams(tokens[0]?.query))).toEqual({
    service: 'svc',
    scope: 'repository:team/app:pull',
  })
})

test('requests that meet the same 401 at once share one login', async () => {
  const { server, digest } = await guarded(giveGood)
  const one = client([server])
  const sig = digest.replace(':', '-')
  await Promise.all(
    [resolve(server), tag(server, `${sig}.sig`), tag(server, `${sig}.att`), tag(server, `${sig}.sbom`)].map(
      (question) => ask(one, question),
    ),
  )
  expect(server.requests.filter(({ path }) => path === '/token')).toHaveLength(1)
})

test('a password goes to the token service, an identity token by POST, a registry token straight to the registry', async () => {
  const { server, digest } = await guarded((request, response) =>
    request.headers.authorization === basicHeader || request.method === 'POST'
      ? reply(response, 200, {}, '{"access_token":"good"}')
      : reply(response, 401),
  )
  for (const credential of [
    password,
    { kind: 'identity-token', token: 'refresh' },
    { kind: 'bearer', token: 'good' },
  ] as const)
    expect(word((await ask(client([server], { credentials: holds(credential) }), resolve(server))).outcome)).toBe(
      digest,
    )
  expect(server.requests.filter(({ path }) => path === '/token').map(({ method }) => method)).toEqual(['GET', 'POST'])
  expect(word((await ask(client([server]), resolve(server))).outcome)).toBe('registry.unauthorized')
})

test('Basic where the registry wants that', async () => {
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  server.setFault((request, response) =>
    request.headers.authorization === basicHeader
      ? false
      : reply(response, 401, { 'www-authenticate': 'Basic realm="x"' }),
  )
  expect(word((await ask(client([server], { credentials: holds(password) }), resolve(server))).outcome)).toBe(digest)
  for (const credential of [
    undefined,
    { ...password, password: 'wrong' },
    { kind: 'identity-token', token: 'x' } as const,
  ])
    expect(word((await ask(client([server], { credentials: holds(credential) }), resolve(server))).outcome)).toBe(
      'registry.unauthorized',
    )
})

test('T87 a 401 after a token is a refusal, never absence; an expired token is renewed once', async () => {
  const denied = await guarded((_, response) => reply(response, 200, {}, '{"token":"for-another"}'))
  expect(word((await ask(client([denied.server]), resolve(denied.server))).outcome)).toBe('registry.denied')

  let issued = 0
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  server.setFault((request, response, self) => {
    if (request.url?.startsWith('/token') === true) return reply(response, 200, {}, `{"token":"t${++issued}"}`)
    return request.headers.authorization === `Bearer t${issued}`
      ? false
      : reply(response, 401, { 'www-authenticate': `Bearer realm="${self.origin}/token"` })
  })
  const one = client([server])
  expect(word((await ask(one, resolve(server))).outcome)).toBe(digest)
  issued++ // the first expires
  expect(word((await ask(one, tag(server, 'x'))).outcome)).toBe('absent')
})

test('what the token service answers: refusals, faults, sendings elsewhere, nonsense', async () => {
  const table: readonly [Fault, string][] = [
    [(_, response) => reply(response, 403), 'registry.denied'],
    [(_, response) => reply(response, 404), 'registry.failed'],
    [(_, response) => reply(response, 429, { 'retry-after': '900' }), 'registry.rate-limited'],
    [(_, response) => reply(response, 500), 'registry.failed'],
    [(_, response, self) => reply(response, 302, { location: `${self.origin}/token2` }), 'registry.redirect-refused'],
    [(_, response) => reply(response, 200, {}, '{"token":"two words"}'), 'registry.malformed'],
    [(_, response) => reply(response, 200, {}, '{"token":"line\\r\\nx: y"}'), 'registry.malformed'],
    [(_, response) => reply(response, 200, {}, '{}'), 'registry.malformed'],
    [(_, response) => reply(response, 200, {}, 'x'.repeat(100_000)), 'registry.too-large'],
  ]
  for (const [give, expected] of table) {
    const { server } = await guarded(give)
    expect(word((await ask(client([server]), resolve(server))).outcome)).toBe(expected)
  }
})

test('T45 a realm at another place gets neither password nor question', async () => {
  const canary = await registry({ fault: giveGood })
  for (const realm of [
    `${canary.origin}/token`,
    `https://${canary.host}/token`,
    'http://169.254.169.254/token',
    'https://auth.example/token',
    'file:///etc/passwd',
    '//x',
    '',
  ]) {
    const { server } = await guarded(giveGood, realm)
    const { outcome } = await ask(client([server, canary], { credentials: holds(password) }), resolve(server))
    expect(word(outcome), realm).toBe('registry.realm-refused')
  }
  expect(canary.requests).toHaveLength(0)
  const { server, digest } = await guarded(giveGood, `${canary.origin}/token`)
  const registered = { insecure: [canary.host], realms: new Map([[server.host, [canary.host]]]) }
  expect(
    word((await ask(client([server], { credentials: holds(password), ...registered }), resolve(server))).outcome),
  ).toBe(digest)
  expect(canary.requests).toHaveLength(1)
})

test('T45 which realms are a registry’s own', () => {
  const rules = new HostRules({ typed: ['127.0.0.1:5000', '10.0.0.1:5000'], insecure: ['plain.example'] })
  const place = (host: string, origin: string) => ({ host, path: 'x', origin })
  const hub = place('docker.io', 'https://registry-1.docker.io')
  const table: readonly [string, ReturnType<typeof place>, boolean][] = [
    ['https://auth.docker.io/token', hub, true],
    ['https://registry-1.docker.io/token', hub, true],
    ['http://auth.docker.io/token', hub, false],
    ['https://auth.docker.io.evil.example/token', hub, false],
    ['https://auth.docker.io:8443/token', hub, false],
    ['https://user@auth.docker.io/token', hub, false],
    ['https://gitlab.com/jwt/auth', place('registry.gitlab.com', 'https://registry.gitlab.com'), true],
    ['https://gitlab.com/jwt/auth', place('registry.example', 'https://registry.example'), false],
    ['https://git.example/jwt/auth', place('git.example:5050', 'https://git.example:5050'), true],
    ['https://git.example:9000/jwt/auth', place('git.example:5050', 'https://git.example:5050'), false],
    ['http://git.example/jwt/auth', place('git.example:5050', 'https://git.example:5050'), false],
    ['http://127.0.0.1:5000/token', place('127.0.0.1:5000', 'http://127.0.0.1:5000'), true],
    ['http://127.0.0.1:5001/token', place('127.0.0.1:5000', 'http://127.0.0.1:5000'), false],
    ['https://10.0.0.1/token', place('10.0.0.1:5000', 'https://10.0.0.1:5000'), false],
    ['http://plain.example/token', place('registry.example', 'https://registry.example'), false],
  ]
  for (const [realm, at, allowed] of table)
    expect('url' in realmOf(realm, at, rules, new Map()), `${realm} for ${at.host}`).toBe(allowed)
})

test('the challenges of a 401, as servers write them', () => {
  expect(readChallenge(['Bearer realm="https://a/t",service="s, with comma",scope="x"'])).toEqual({
    scheme: 'bearer',
    realm: 'https://a/t',
    service: 's, with comma',
  })
  expect(readChallenge(['Basic realm="x", Bearer realm=https://a/t'])).toEqual({
    scheme: 'bearer',
    realm: 'https://a/t',
  })
  expect(readChallenge(['Basic realm="x"', 'bearer  REALM = "https://a/\\"t"'])).toEqual({
    scheme: 'bearer',
    realm: 'https://a/"t',
  })
  expect(readChallenge(['Basic realm="Bearer realm=\\"https://evil/\\""'])).toEqual({ scheme: 'basic' })
  for (const none of ['', 'Negotiate', 'Digest realm="x"', 'Bearer', ',,,"', 'Bearer service="x"'])
    expect(readChallenge([none]), none).toBeUndefined()
})

test('no secret is in an observation or an error', async () => {
  const { server } = await guarded((_, response) => reply(response, 500, {}, 'p:w good refresh'))
  for (const credential of [
    password,
    { kind: 'identity-token', token: 'refresh' } as const,
    { kind: 'bearer', token: 'wrong-token' } as const,
  ]) {
    const asked = await ask(client([server], { credentials: holds(credential) }), resolve(server))
    expect(JSON.stringify(asked)).not.toMatch(/p:w|good|refresh|wrong-token|cm9ib3Q/)
  }
})
