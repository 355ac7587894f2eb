import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestRegistry } from '../registry/registry.ts'
import { allowing, asking, policyWith, registryForFile, signed } from './scene.ts'
import { type Running, start } from './service.ts'

let running: Running
let registry: TestRegistry
const log: string[] = []
const errors: unknown[] = []
beforeAll(async () => {
  registry = await registryForFile()
  running = await start({
    env: allowing(registry),
    limits: { ratePrincipal: 400 },
    log: { level: 'trace', stream: { write: (line) => log.push(line) } },
    report: (error) => errors.push(error),
  })
})
afterAll(async () => {
  await running.close()
  await registry.close()
})

const lines = () => log.map((line) => JSON.parse(line) as Record<string, unknown>)

describe('the log', () => {
  test('says who, what, from where and with what outcome, a JSON line each, in UTC', async () => {
    const token = await running.token(['verifications:read'])
    log.length = 0
    await running.ask('GET', '/api/v1/verifications', { token })
    await running.ask('GET', '/api/v1/tokens', { token })
    const done = lines().filter((line) => 'res' in line)
    expect(done.map(({ res }) => res)).toMatchObject([
      { status: 200, by: expect.any(String), with: 'token' },
      { status: 403, by: expect.any(String) },
    ])
    for (const { time } of lines()) expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect(lines().find(({ req }) => req !== undefined)).toMatchObject({
      req: { method: 'GET', path: '/api/v1/verifications', from: '127.0.0.1' },
    })
    expect(lines().some(({ msg, code }) => msg === 'refused' && code === 'access.forbidden')).toBe(true)
  })

  test('T80 holds no secret and nothing that breaks a line, whatever is sent', async () => {
    log.length = 0
    const canary = 'canary-of-a-secret'
    const { secret } = await running.service.access.makeLink(60_000)
    const token = await running.token()
    const cookie = await running.session()
    const own = { 'sec-fetch-site': 'same-origin' }
    await running.ask('GET', `/sign-in?link=${secret}`, { token: null })
    await running.ask('POST', '/sign-in', {
      token: null,
      raw: `link=${secret}&other=${canary}`,
      headers: { ...own, 'content-type': 'application/x-www-form-urlencoded' },
    })
    await running.ask('GET', `/api/v1/verifications?access_token=${token}`, { token })
    await running.ask('GET', '/api/v1/sessions', { cookie, headers: { 'x-secret': canary } })
    await running.ask('POST', '/api/v1/verifications', {
      token,
      body: { subject: canary },
      headers: { 'idempotency-key': canary },
    })
    await running.ask('POST', '/api/v1/verifications', {
      token,
      raw: `{"${canary}`,
      headers: { 'content-type': 'application/json' },
    })
    await running.ask('GET', '/a%0a{"level":60}%1b[31m/%E2%80%AE', {})
    await running.ask('GET', '/api/v1/verifications', {
      token: null,
      headers: { authorization: `Bearer mp_${'A'.repeat(43)}` },
    })
    const all = log.join('')
    expect(log.length).toBeGreaterThan(10)
    for (const [name, one] of Object.entries({
      canary,
      link: secret,
      token,
      session: cookie.split('=')[1] ?? '',
      wrong: 'A'.repeat(43),
    }))
      expect([name, all.includes(one)]).toEqual([name, false])
    for (const line of log) {
      expect(line.slice(0, -1)).not.toMatch(/[\n\u001b]/)
      expect(() => JSON.parse(line) as unknown).not.toThrow()
    }
  })

  test('tells of a crash what its answer does not, without the password of the database', async () => {
    log.length = 0
    const { requests } = running.service
    const find = requests.find.bind(requests)
    requests.find = () => Promise.reject(new Error('no: postgres://me:canary-of-a-password@db/x and Bearer abcdef'))
    const got = await running.ask('GET', '/api/v1/verifications/019aa7c2-5b1e-7c3d-9f00-1c2d3e4f5a6b')
    requests.find = find
    expect([got.status, got.problem.code]).toEqual([500, 'internal.crash'])
    expect(got.text).not.toMatch(/postgres|canary|stack|\.ts/)
    const told = lines().find(({ code }) => code === 'internal.crash')
    expect(JSON.stringify(told)).toContain('postgres://…@db/x and Bearer …')
    expect(log.join('')).not.toContain('canary')
    expect(told?.['reqId']).toBe(got.problem.instance)
    expect(lines().filter(({ code }) => code === 'internal.crash')).toHaveLength(1)
    expect(errors).toEqual([])
  })
})

describe('metrics', () => {
  const scrape = async () => (await running.ask('GET', '/metrics')).text
  const series = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('meshproof_'))
      .map((line) => line.replace(/ \S+$/, ''))
      .sort()

  test('are OpenMetrics, and count what the rows say', async () => {
    await running.verify(asking(signed(registry, 'metrics/good')))
    await running.verify(asking(signed(registry, 'metrics/bad', 'a stranger')))
    const got = await running.ask('GET', '/metrics')
    expect(got.headers['content-type']).toMatch(/^application\/openmetrics-text; ?version=1\.0\.0/)
    expect(got.text.endsWith('# EOF\n')).toBe(true)
    for (const line of [
      'meshproof_verifications_total{kind="verification",verdict="trusted"} 1',
      'meshproof_verifications_total{kind="verification",verdict="rejected"} 1',
      'meshproof_requests{state="done"} 2',
      'meshproof_build_info{version="0.1.0",rules="1"',
    ])
      expect(got.text).toContain(line)
  })

  test('count what was asked of registries, and what did not have to be', async () => {
    const numbers = async () => {
      const found = (await scrape()).matchAll(
        /^meshproof_(registry_requests|cache_hits|cache_misses)_total\{\w+="(\w+)"\} (\d+)$/gm,
      )
      return new Map([...found].map(([, name, label, count]) => [`${name} ${label}`, Number(count)]))
    }
    const grown = async (work: () => Promise<unknown>) => {
      const before = await numbers()
      await work()
      return Object.fromEntries(
        [...(await numbers())].map(([key, n]) => [key, n - (before.get(key) ?? 0)] as const).filter(([, n]) => n > 0),
      )
    }
    const image = signed(registry, 'metrics/counted')
    const asked = registry.requests.length
    const first = await grown(() => running.verify(asking(image)))
    // An index and its two platforms: each with a tag and a list of referrers, one of the tags there, with its payload.
    expect(first).toEqual({
      'registry_requests 2xx': 6,
      'registry_requests 4xx': 2,
      'cache_hits manifest': 1,
      'cache_misses resolve': 1,
      'cache_misses tag': 3,
      'cache_misses referrers': 3,
      'cache_misses blob': 1,
    })
    expect(registry.requests.length - asked).toBe(8)
    // Again: the tag is asked for, since it may have moved; everything else is remembered.
    const again = { policy: policyWith({ name: 'another' }) } // the very same would be answered without a look
    expect(await grown(() => running.verify(asking(image, again)))).toEqual({
      'registry_requests 2xx': 1,
      'cache_misses resolve': 1,
      'cache_hits manifest': 1,
      'cache_hits tag': 3,
      'cache_hits referrers': 3,
      'cache_hits blob': 1,
    })
  })

  test('T81 the series stay as they are, whatever callers name', async () => {
    const wild = async (i: number) => {
      await running.ask('GET', `/none/${i}`)
      await running.ask('GET', `/api/v1/evidence/sha256:${String(i).padStart(64, '0')}`)
      await running.ask('POST', '/api/v1/verifications', {
        body: {
          subject: { digest: `sha256:${String(i).padStart(64, 'a')}`, name: `n${i}` },
          policy: policyWith({ name: `p${i}` }),
        },
      })
    }
    await wild(0)
    await scrape()
    const before = series(await scrape())
    for (let i = 1; i < 60; i++) await wild(i)
    const after = series(await scrape())
    const withoutVerdicts = (all: readonly string[]) =>
      all.filter((line) => !line.startsWith('meshproof_verifications_total'))
    expect(withoutVerdicts(after)).toEqual(withoutVerdicts(before))
    expect(after.filter((line) => line.startsWith('meshproof_verifications_total')).length).toBeLessThanOrEqual(4)
    expect(after.join('\n')).not.toMatch(/sha256|none\/|p1\b/)
  })
})

describe('ready', () => {
  test('says one bit to everybody, and what is missing to those who may know', async () => {
    expect((await running.ask('GET', '/livez', { token: null })).text).toBe('ok\n')
    expect((await running.ask('GET', '/readyz', { token: null })).text).toBe('ready\n')
    const closed = await running.ask('GET', '/readyz?verbose', { token: null })
    expect([closed.status, closed.problem.code]).toEqual([401, 'access.unauthenticated'])
    const weak = await running.token(['verifications:read'])
    expect((await running.ask('GET', '/readyz?verbose', { token: weak })).status).toBe(403)
    const got = await running.ask('GET', '/readyz?verbose')
    expect(
      got.json<{ checks: { name: string; ready: boolean }[] }>().checks.map(({ name, ready }) => [name, ready]),
    ).toEqual([
      ['database', true],
      ['migrations', true],
      ['queue', true],
      ['trust-root', true],
    ])
  })

  test('says how old the trusted root is, and that it could not be refreshed; that stops nothing', async () => {
    const { database, roots, clock } = running.service
    const found = async () => {
      const { checks } = (await running.ask('GET', '/readyz?verbose')).json<{ checks: { name: string }[] }>()
      return checks.find(({ name }) => name === 'trust-root')
    }
    const series = async () =>
      (await running.ask('GET', '/metrics')).text.split('\n').filter((line) => line.startsWith('meshproof_trust_'))
    expect(await found()).toEqual({ name: 'trust-root', ready: true, found: 'of unknown age' })
    expect(await series()).toEqual(['meshproof_trust_refresh_failing 0'])
    const hourAgo = new Date(clock.now() - 3_600_000)
    await database.db.updateTable('trusted_root').set({ as_of: hourAgo }).execute()
    const claim = await roots.claim()
    if (claim === undefined) throw new Error('no claim')
    await roots.failed(claim)
    expect(await found()).toEqual({
      name: 'trust-root',
      ready: true,
      found: expect.stringMatching(`^as of ${hourAgo.toISOString()}; refreshing it failed at \\d{4}-.*Z$`),
    })
    expect((await running.ask('GET', '/readyz')).status).toBe(200)
    const after = await series()
    expect(after.slice(1)).toEqual([
      `meshproof_trust_refreshed_timestamp_seconds ${hourAgo.getTime() / 1000}`,
      'meshproof_trust_refresh_failing 1',
    ])
    const [, age] = after[0]?.split(' ') ?? []
    expect(Number(age)).toBeGreaterThanOrEqual(3_600)
    expect(Number(age)).toBeLessThan(7_200)
  })

  test('names a migration that is missing', async () => {
    const { pool } = running.service.database
    const { rows } = await pool.query('SELECT name, sha256 FROM meshproof.migration ORDER BY name DESC LIMIT 1')
    const [last] = rows
    await pool.query('DELETE FROM meshproof.migration WHERE name = $1', [last?.['name']])
    const got = await running.ask('GET', '/readyz?verbose')
    expect([got.status, got.json<{ checks: object[] }>().checks]).toEqual([
      503,
      expect.arrayContaining([{ name: 'migrations', ready: false, found: last?.['name'] }]),
    ])
    expect((await running.ask('GET', '/readyz', { token: null })).text).toBe('not ready\n')
    await pool.query('INSERT INTO meshproof.migration (name, sha256) VALUES ($1, $2)', [
      last?.['name'],
      last?.['sha256'],
    ])
    expect((await running.ask('GET', '/readyz')).status).toBe(200)
  })
})

test('more requests than a principal may are told when to come back; others are not touched', async () => {
  const [token, other] = [await running.token(), await running.token()]
  const ask = (own: string) => running.ask('GET', '/api/v1/sessions', { token: own })
  let got = await ask(token)
  for (let i = 0; i < 400 && got.status === 200; i++) got = await ask(token)
  expect([got.status, got.problem.code]).toEqual([429, 'request.rate-limited'])
  expect(Number(got.headers['retry-after'])).toBeGreaterThan(0)
  expect((await ask(other)).status).toBe(200)
})

test.each([
  ['a name longer than any of ours', `/api/v1/verifications/${'x'.repeat(200)}`, 414],
  ['a name that does not decode', '/api/v1/verifications/%ff', 400],
])('a path that cannot be taken apart is a problem like any other: %s', async (_, path, status) => {
  const response = await running.app.inject({ url: path })
  expect([response.statusCode, response.headers['content-type']]).toEqual([
    status,
    'application/problem+json; charset=utf-8',
  ])
  expect(response.json()).toMatchObject({ code: 'request.malformed', status })
  expect(response.headers['content-security-policy']).toContain("default-src 'none'")
  expect(response.headers['x-content-type-options']).toBe('nosniff')
})
