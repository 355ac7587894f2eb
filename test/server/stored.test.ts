import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Digest, digestOf } from '../../src/core/digest.ts'
import { limits } from '../../src/core/limits.ts'
import { readPack } from '../../src/evidence/pack/read.ts'
import { replay } from '../../src/examine/replay.ts'
import { createAuthority } from '../authority/authority.ts'
import { meshproof, scratch } from '../cli/process.ts'
import { stranger } from '../cli/scene.ts'
import type { TestRegistry } from '../registry/registry.ts'
import { allowing, asking, policyWith, registryForFile, signed } from './scene.ts'
import { type Running, start, type Verification } from './service.ts'

let running: Running
let registry: TestRegistry
let trusted: Verification
let rejected: Verification
const room = scratch()
beforeAll(async () => {
  registry = await registryForFile()
  running = await start({ env: allowing(registry) })
  trusted = await running.verify(asking(signed(registry, 'stored/good')))
  rejected = await running.verify(asking(signed(registry, 'stored/bad', 'a stranger')))
})
afterAll(async () => {
  await running.close()
  await registry.close()
  room.remove()
})

const get = (path: string, headers = {}) => running.ask('GET', `/api/v1${path}`, { headers })
const subjects = ({ answer }: Verification) => answer?.subjects ?? []
const verdictOf = (one: Verification): Digest => subjects(one)[0]?.verdictId ?? ('' as Digest)
const none = `sha256:${'0'.repeat(64)}`

describe('by digest', () => {
  test('an artifact with its members, tags and verdicts, and a member with its index', async () => {
    const [root, member] = subjects(trusted)
    const artifact = (await get(`/artifacts/${root?.subject}`)).json<Record<string, unknown>>()
    expect(artifact).toMatchObject({
      digest: root?.subject,
      members: [{ platform: 'linux/amd64' }, { platform: 'linux/arm64' }],
      memberOf: [],
      sightings: [{ image: `${registry.host}/stored/good:1.0.0` }],
      verdicts: [{ digest: root?.verdictId, outcome: 'trusted', request: trusted.id, policy: 'own-key' }],
    })
    expect((await get(`/artifacts/${member?.subject}`)).json()).toMatchObject({
      memberOf: [{ digest: root?.subject, platform: 'linux/amd64' }],
    })
    expect((await get(`/artifacts/${none}`)).problem.code).toBe('store.unknown')
    expect((await get('/artifacts/sha256:short')).problem.code).toBe('store.unknown')
  })

  test('evidence is its exact bytes, and nothing that a browser would run', async () => {
    const finding = subjects(trusted)[0]?.findings.find(({ evidence }) => evidence.length > 0)
    for (const digest of finding?.evidence ?? []) {
      const got = await get(`/evidence/${digest}`)
      expect(digestOf(got.bytes)).toBe(digest)
      const hash = Buffer.from(digest.slice(7), 'hex').toString('base64')
      expect(got.headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'repr-digest': `sha-256=:${hash}:`,
        'content-security-policy': expect.stringContaining('sandbox'),
        'x-content-type-options': 'nosniff',
        'content-disposition': expect.stringMatching(
          /^attachment; filename="meshproof-evidence-[0-9a-f]{16}\.\w+"; filename\*=UTF-8''/,
        ),
        'cache-control': 'private, max-age=31536000, immutable',
        etag: `"${digest}"`,
      })
      expect((await get(`/evidence/${digest}`, { 'if-none-match': `"${digest}"` })).status).toBe(304)
      const { observations } = (await get(`/evidence/${digest}/observations`)).json<{ observations: object[] }>()
      expect(observations[0]).toMatchObject({ request: trusted.id, from: registry.host })
    }
    expect(finding?.evidence.length).toBeGreaterThan(0)
    expect((await get(`/evidence/${none}`)).problem.code).toBe('store.unknown')
    expect((await get(`/evidence/${none}/observations`)).problem.code).toBe('store.unknown')
  })

  test('a verdict is its exact bytes; other documents are no verdicts', async () => {
    const got = await get(`/verdicts/${verdictOf(trusted)}`)
    expect(digestOf(got.bytes)).toBe(verdictOf(trusted))
    expect(got.json()).toMatchObject({ outcome: 'trusted' })
    const { policy } = subjects(trusted)[0]?.inputs ?? { policy: '' }
    expect((await get(`/evidence/${policy}`)).json<{ name: string }>().name).toBe('own-key')
    expect((await get(`/verdicts/${policy}`)).problem.code).toBe('store.unknown')
  })
})

describe('judge again', () => {
  const again = (digest: string, body: object = {}) =>
    running.ask('POST', `/api/v1/verdicts/${digest}/replays`, { body })
  type Replayed = {
    same: boolean | null
    differences: {
      role: string
      was: { outcome: string; verdict: string }
      is: { outcome: string; verdict: string }
      findings: object[]
    }[]
    answer: { verdict: string }
  }

  test('the stored inputs give the stored bytes, and no registry is asked', async () => {
    registry.requests.length = 0
    for (const one of [trusted, rejected])
      for (const { verdictId } of subjects(one))
        expect((await again(verdictId)).json()).toMatchObject({
          same: true,
          differences: [],
          answer: { verdict: one.outcome },
        })
    expect(registry.lines()).toEqual([])
  })

  test('under another policy, date or root: what differs, subject by subject', async () => {
    const theirs = { keys: [{ key: { base64: Buffer.from(stranger.pem).toString('base64') } }] }
    const strict = policyWith({}, { signer: theirs })
    const got = (await again(verdictOf(trusted), { policy: strict })).json<Replayed>()
    expect(got.same).toBeNull()
    expect(got.differences.map(({ was, is }) => [was.outcome, is.outcome])).toContainEqual(['trusted', 'rejected'])
    const index = got.differences.find(({ role }) => role === 'root')
    expect(index?.was.verdict).toBe(verdictOf(trusted))
    expect(index?.findings).toContainEqual({
      check: 'own',
      demand: '/requirements/0',
      was: expect.objectContaining({ outcome: 'pass', code: 'requirement.met' }),
      is: expect.objectContaining({ outcome: 'fail', code: 'signature.invalid' }),
    })
    // Line by line of the candidate as well.
    expect(index?.findings).toContainEqual(
      expect.objectContaining({ demand: '/requirements/0/signer/keys', candidate: expect.stringMatching(/^sha256:/) }),
    )
    expect((await again(verdictOf(trusted), { at: '2027-01-01T00:00:00Z' })).json<Replayed>().differences).toEqual([])
    const put = await running.ask('PUT', '/api/v1/policies/strict', { body: { ...strict, name: 'strict' } })
    const byDigest = await again(verdictOf(trusted), { policy: { document: put.json<{ digest: string }>().digest } })
    expect(byDigest.json<Replayed>().answer.verdict).toBe(got.answer.verdict)
    const byName = await again(verdictOf(trusted), { policy: { name: 'strict' } })
    expect(byName.json<Replayed>().differences).toEqual(byDigest.json<Replayed>().differences)
    const root = createAuthority().trustedRoot()
    expect((await running.ask('PUT', '/api/v1/trust-roots/theirs', { body: root })).status).toBe(201)
    expect((await again(verdictOf(trusted), { trust: { name: 'theirs' } })).json<Replayed>().same).toBeNull()
    expect((await again(verdictOf(trusted), { policy: { profile: 'kuma' } })).json<Replayed>().answer.verdict).toBe(
      'inconclusive',
    )
  })

  test.for<[string, object, string]>([
    ['an unknown profile', { policy: { profile: 'x' } }, 'policy.unknown-profile'],
    ['an unknown document', { policy: { document: none } }, 'store.unknown'],
    ['an unknown root', { trust: { document: none } }, 'store.unknown'],
    ['an unknown name of a policy', { policy: { name: 'none' } }, 'store.unknown'],
    ['an unknown name of a root', { trust: { name: 'none' } }, 'store.unknown'],
    ['a path', { trust: { root: { path: '/etc/passwd' } } }, 'request.path-not-allowed'],
    ['an unknown key', { subject: {} }, 'request.malformed'],
  ])('refused: %s', async ([, body, code]) => {
    expect((await again(verdictOf(trusted), body)).problem.code).toBe(code)
  })

  test('a verdict that is not there', async () => {
    expect((await again(none)).problem.code).toBe('store.unknown')
    expect((await get(`/verdicts/${none}/pack`)).problem.code).toBe('store.unknown')
  })
})

test('the pack of a verdict is judged again elsewhere, offline, to the same bytes', async () => {
  const { bytes } = await get(`/verdicts/${verdictOf(trusted)}/pack`)
  expect((await get(`/verdicts/${verdictOf(trusted)}/pack`)).bytes.equals(bytes)).toBe(true)
  const folder = join(room.path, 'pack')
  for await (const entry of Readable.from([bytes]).pipe(extract())) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    mkdirSync(dirname(join(folder, entry.header.name)), { recursive: true })
    writeFileSync(join(folder, entry.header.name), Buffer.concat(chunks))
  }
  const { pack, bytes: held } = await readPack(folder, limits)
  const [request] = pack.requests
  expect(request && (await replay(request, held, {}, {})).same).toBe(true)
  const { code, stdout } = await meshproof(['replay', folder])
  expect([code, stdout]).toEqual([0, expect.stringContaining('the same verdict, byte for byte')])
})

test('F28 one byte of one row of evidence is changed: it is named, by reading and by judging again', async () => {
  const { inputs } = subjects(rejected)[0] ?? {}
  const evidence = await running.service.database.db
    .selectFrom('observation')
    .select('digest')
    .where('request_id', '=', rejected.id)
    .where('digest', 'is not', null)
    .execute()
  const digest = `sha256:${evidence[0]?.digest?.toString('hex')}`
  const change = (table: string, of: string) =>
    running.service.database.pool.query(
      `UPDATE meshproof.${table} SET bytes = set_byte(bytes, 5, get_byte(bytes, 5) # 1) WHERE digest = decode($1, 'hex')`,
      [of.slice(7)],
    )
  await change('evidence', digest)
  for (const got of [
    await get(`/evidence/${digest}`),
    await running.ask('POST', `/api/v1/verdicts/${verdictOf(rejected)}/replays`, { body: {} }),
  ])
    expect([got.status, got.problem.code, got.problem.parameters]).toEqual([500, 'store.altered', { found: digest }])
  await change('evidence', digest)
  expect((await get(`/evidence/${digest}`)).status).toBe(200)
  await change('evidence_set', inputs?.evidence ?? '')
  const set = await running.ask('POST', `/api/v1/verdicts/${verdictOf(rejected)}/replays`, { body: {} })
  expect(set.problem.parameters).toEqual({ found: inputs?.evidence })
  await change('verdict', verdictOf(rejected))
  expect((await get(`/verdicts/${verdictOf(rejected)}`)).problem.code).toBe('store.altered')
})
