/** References of strangers: what a caller names is asked only where an operator said so, and learns nothing of ours. */
import { mkdirSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isProblem, parseReference } from '../../src/core/reference.ts'
import { scratch } from '../cli/process.ts'
import { type Fault, startRegistry, type TestRegistry } from '../registry/registry.ts'
import { allowing, asking, policyWith, signed } from './scene.ts'
import { type Running, start, type Verification } from './service.ts'

const room = scratch()
let running: Running
let registry: TestRegistry
let locked: TestRegistry
let astray: TestRegistry
/** On the list, and somebody else's: it asks for a password that we do not have for it. */
let nosy: TestRegistry
let canary: TestRegistry
/** Takes note of whoever connects at all. */
let trap: Server
let trapPort: number
const caught: string[] = []

const password = 'canary-of-a-password'
const reply = (response: Parameters<Fault>[1], status: number, headers: object = {}, body = ''): true => {
  response.writeHead(status, { ...headers }).end(body)
  return true
}
/** Wants a token, of a service at `realm`. */
const loginAt =
  (realm: (self: TestRegistry) => string): Fault =>
  (request, response, self) => {
    if (request.url?.startsWith('/token') === true) return reply(response, 200, {}, '{"token":"good"}')
    return request.headers.authorization === 'Bearer good'
      ? false
      : reply(response, 401, { 'www-authenticate': `Bearer realm="${realm(self)}",service="x"` })
  }

const disguised = (port: number): readonly string[] =>
  [
    '127.0.0.1',
    'localhost',
    'localhost.',
    'LOCALHOST',
    'x.localhost',
    '127.1',
    '0x7f.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '0.0.0.0',
    '0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '169.254.169.254',
    '10.0.0.1',
    '192.168.0.1',
    '100.64.0.1',
    '１２７.０.０.１',
    '127。0。0。1',
    'user@127.0.0.1',
    'user:pass@127.0.0.1',
  ].map((host) => `${host}:${port}`)
const isHost = (host: string) => !isProblem(parseReference(`${host}/a/b:1`))

beforeAll(async () => {
  trap = createServer((socket) => {
    caught.push(String(socket.remoteAddress))
    socket.destroy()
  })
  await new Promise<void>((listening) => trap.listen(0, listening))
  trapPort = (trap.address() as AddressInfo).port
  registry = await startRegistry()
  canary = await startRegistry({ fault: loginAt((self) => `${self.origin}/token`) })
  locked = await startRegistry({ fault: loginAt((self) => `${self.origin}/token`) })
  astray = await startRegistry({ fault: loginAt(() => `${canary.origin}/token`) })
  nosy = await startRegistry({
    fault: (_, response) => reply(response, 401, { 'www-authenticate': 'Basic realm="x"' }),
  })
  const auth = Buffer.from(`me:${password}`).toString('base64')
  mkdirSync(join(room.path, 'docker'))
  const auths = Object.fromEntries([locked, astray].map(({ host }) => [host, { auth }]))
  writeFileSync(join(room.path, 'docker/config.json'), JSON.stringify({ auths }))
  const { MESHPROOF_REGISTRY_ALLOWED: ours = '', MESHPROOF_REGISTRY_INSECURE: insecure = '' } = allowing(
    registry,
    locked,
    astray,
    nosy,
  )
  running = await start({
    env: {
      DOCKER_CONFIG: join(room.path, 'docker'),
      MESHPROOF_REGISTRY_INSECURE: insecure,
      // An operator who lists such names still has not said that they may be private.
      MESHPROOF_REGISTRY_ALLOWED: [ours, ...disguised(trapPort).filter(isHost)].join(','),
    },
    limits: { retryPauseMs: 1 },
  })
})
afterAll(async () => {
  await running.close()
  for (const one of [registry, locked, astray, nosy, canary]) await one.close()
  await new Promise((closed) => trap.close(closed))
  room.remove()
})

const codesOf = ({ answer }: Verification): readonly string[] =>
  (answer?.subjects ?? []).flatMap(({ findings }) => findings.map(({ code }) => code))
const post = (body: object) => running.ask('POST', '/api/v1/verifications', { body })

describe('T42 a registry that is not on the list', () => {
  test.for(['quay.io', 'registry.example:5000', ...disguised(9)].filter(isHost))(
    '%s is not asked for',
    async (host) => {
      const got = await post(asking(`${host}/a/b:1`))
      expect([got.status, got.problem.code]).toEqual([422, 'registry.not-allowed'])
      expect(got.problem.parameters?.['expected']).toContain(registry.host)
    },
  )

  test('is not reached by a place of signatures, nor by a policy that names one', async () => {
    const image = signed(registry, 'strangers/places')
    const elsewhere = `${canary.host}/team/notary`
    const name = image.replace(/:[^:]*$/, '')
    for (const body of [
      asking(image, { signatureRepository: elsewhere }),
      asking(image, { policy: policyWith({ images: [{ name, signatures: elsewhere }] }) }),
    ])
      expect((await post(body)).problem.code).toBe('registry.not-allowed')
    const policy = policyWith({ images: [{ name, signatures: `${registry.host}/team/notary` }] })
    expect((await running.verify(asking(image, { policy }))).outcome).toBe('trusted')
    expect(canary.requests).toEqual([])
  })

  test('is not asked by the worker either, whatever led there', async () => {
    const image = `${canary.host}/team/app:1`
    const { requests } = running.service
    const spec = Buffer.from(JSON.stringify(asking(image)))
    const made = await requests.create({ spec, subject: image, policy: 'own-key', principal: null })
    const id = 'id' in made ? made.id : ''
    await running.service.enqueue(id)
    await running.ask('GET', `/api/v1/verifications/${id}/events`)
    const done = (await running.ask('GET', `/api/v1/verifications/${id}`)).json()
    expect([done.outcome, codesOf(done)]).toEqual(['inconclusive', expect.arrayContaining(['registry.not-allowed'])])
    expect(canary.requests).toEqual([])
  })

  test('its twin on the list is verified', async () => {
    expect((await running.verify(asking(signed(registry, 'strangers/twin')))).outcome).toBe('trusted')
  })
})

describe('T43 a private address under any name', () => {
  test('is refused when it is dialled, though the name is on the list', async () => {
    const hosts = disguised(trapPort).filter(isHost)
    expect(hosts.length).toBeGreaterThan(8)
    for (const host of hosts) {
      const done = await running.verify(asking(`${host}/a/b:1`))
      const told = codesOf(done)
      expect([host, done.outcome]).toEqual([host, 'inconclusive'])
      expect([host, told.some((code) => ['registry.address-refused', 'registry.unreachable'].includes(code))]).toEqual([
        host,
        true,
      ])
    }
    expect(caught).toEqual([])
  })

  test.for(disguised(9).filter((host) => !isHost(host)))('%s is no reference', async (host) => {
    const got = await post(asking(`${host}/a/b:1`))
    expect([got.status, got.problem.code]).toEqual([422, 'reference.malformed'])
  })
})

describe('the password of a registry', () => {
  test('T45 is shown to its own login service; the twin that sends us elsewhere gets nothing', async () => {
    const [good, bad] = [locked, astray].map((server) => signed(server, 'strangers/locked'))
    expect((await running.verify(asking(good ?? ''))).outcome).toBe('trusted')
    expect(locked.requests.some(({ auth }) => auth?.startsWith('Basic ') === true)).toBe(true)
    const done = await running.verify(asking(bad ?? ''))
    expect([done.outcome, codesOf(done)]).toEqual(['inconclusive', expect.arrayContaining(['registry.realm-refused'])])
    expect(canary.requests).toEqual([])
    for (const server of [registry, astray])
      for (const { auth = '' } of server.requests) expect(auth).not.toContain('Basic')
  })

  test('T84 is not shown to another registry of the list that asks for one', async () => {
    const done = await running.verify(asking(`${nosy.host}/team/app:1`))
    expect([done.outcome, codesOf(done)]).toEqual(['inconclusive', expect.arrayContaining(['registry.unauthorized'])])
    expect(nosy.requests.length).toBeGreaterThan(0)
    expect(nosy.requests.map(({ auth = 'none' }) => auth)).toEqual(nosy.requests.map(() => 'none'))
  })

  test('stands in no answer, list, record or row', async () => {
    const secrets = [password, Buffer.from(`me:${password}`).toString('base64')]
    const { rows } = await running.service.database.pool.query(
      "SELECT (SELECT string_agg(encode(bytes, 'escape'), '') FROM meshproof.record) || (SELECT string_agg(encode(result, 'escape'), '') FROM meshproof.request) || (SELECT string_agg(encode(bytes, 'escape'), '') FROM meshproof.evidence) AS everything",
    )
    const everything = String(rows[0]?.['everything'])
    expect(everything.length).toBeGreaterThan(1000)
    for (const secret of secrets) expect(everything.includes(secret)).toBe(false)
  })
})
