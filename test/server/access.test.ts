import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createApp } from '../../src/server/app.ts'
import { type Declared, may, type Principal, type Scope, scopes } from '../../src/server/auth/permission.ts'
import { policyWith } from './scene.ts'
import { type Running, start } from './service.ts'

let running: Running
beforeAll(async () => {
  running = await start({ works: false, env: { MESHPROOF_SERVER_ORIGIN: 'https://meshproof.example' } })
})
afterAll(() => running.close())

const sql = (text: string, values: readonly unknown[] = []) => running.service.database.pool.query(text, values)
const records = async (kind: string) =>
  (await sql('SELECT bytes FROM meshproof.record WHERE kind = $1 ORDER BY at, id', [kind])).rows.map(
    ({ bytes }) => JSON.parse((bytes as Buffer).toString()) as Record<string, unknown>,
  )
const own = { 'sec-fetch-site': 'same-origin', origin: 'https://meshproof.example' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const useLink = (link: string, headers: Record<string, string> = own) =>
  running.ask('POST', '/sign-in', { token: null, raw: `link=${link}`, headers: { ...form, ...headers } })
const newLink = async () => (await running.service.access.makeLink(60_000)).secret
const sessions = (cookie: string) => running.ask('GET', '/api/v1/sessions', { cookie })

describe('every route', () => {
  const url = ({ url: path }: Declared) =>
    path
      .replace(':digest', `sha256:${'0'.repeat(64)}`)
      .replace(':id', '019aa7c2-5b1e-7c3d-9f00-1c2d3e4f5a6b')
      .replace(':name', 'name')
      .replace('*', 'x')
  const routes = () => running.app.declared.filter(({ method }) => method !== 'HEAD')

  test('answers only those whom it declares to let in', async () => {
    const tokens = new Map<Scope, string>()
    for (const scope of scopes) tokens.set(scope, await running.token([scope]))
    const cookie = await running.session()
    for (const route of routes()) {
      const name = `${route.method} ${route.url}`
      const call = (more: object) => running.ask(route.method as 'GET', url(route), { headers: own, ...more })
      const nobody = await call({ token: null })
      if (route.permission === 'public') {
        expect([name, nobody.text.includes('access.unauthenticated')]).toEqual([name, false])
        continue
      }
      expect([name, nobody.status, nobody.problem.code]).toEqual([name, 401, 'access.unauthenticated'])
      expect([name, nobody.headers['www-authenticate']]).toEqual([name, 'Bearer realm="meshproof"'])
      for (const [scope, token] of tokens) {
        const who: Principal = { id: '', name: '', kind: 'token', scopes: [scope], by: 'token' }
        const got = await call({ token })
        const refused = got.status === 403 && got.problem.code === 'access.forbidden'
        expect([name, scope, refused]).toEqual([name, scope, !may(who, route.permission)])
      }
      if (route.url === '/sign-out') continue
      expect([name, (await call({ cookie })).status]).not.toEqual([name, 401])
      expect([name, (await call({ token: `mp_${'A'.repeat(43)}`, cookie })).status]).toEqual([name, 401])
    }
    expect(routes().length).toBeGreaterThan(30)
  })

  test('is public only where that is said here', () => {
    const open = routes().flatMap((route) => (route.permission === 'public' ? [`${route.method} ${route.url}`] : []))
    expect(open.filter((route) => !route.startsWith('GET /assets/')).sort()).toEqual([
      'GET /livez',
      'GET /readyz',
      'GET /sign-in',
      'POST /sign-in',
    ])
  })

  test('without a permission none starts', async () => {
    const app = await createApp(running.service)
    expect(() => app.get('/open', async () => '')).toThrow('GET /open declares no permission')
    await app.close()
  })
})

describe('the link', () => {
  test('signs in once; a look at it uses it up no more than any number of them', async () => {
    const link = await newLink()
    for (let i = 0; i < 3; i++) {
      const page = await running.ask('GET', `/sign-in?link=${link}`, { token: null })
      expect([page.status, page.text.includes(link), page.headers['cache-control']]).toEqual([200, true, 'no-store'])
      expect(page.headers['referrer-policy']).toBe('no-referrer')
    }
    const first = await useLink(link)
    expect([first.status, first.headers['location']]).toEqual([303, '/'])
    expect(first.cookie).toMatch(/^__Host-meshproof=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax$/)
    const again = await useLink(link)
    expect([again.status, again.cookie]).toEqual([403, undefined])
    expect(again.text).toContain('access.link-unusable')
    const cookie = first.cookie?.split(';')[0] ?? ''
    expect((await sessions(cookie)).status).toBe(200)
  })

  test('of two at once one signs in', async () => {
    const link = await newLink()
    const both = await Promise.all([useLink(link), useLink(link), useLink(link)])
    expect(both.map(({ status }) => status).sort()).toEqual([303, 403, 403])
  })

  test.for(['', 'x', 'A'.repeat(43), 'A'.repeat(5000)])('is none: %#', async (link) => {
    const { status } = await useLink(link)
    expect([403, 413]).toContain(status)
  })

  test('ends', async () => {
    const link = await newLink()
    await sql("UPDATE meshproof.sign_in_link SET expires_at = now() - interval '1 second'")
    expect((await useLink(link)).status).toBe(403)
  })

  test('and the session stand in the database as hashes, and in no record', async () => {
    const link = await newLink()
    const { cookie = '' } = await useLink(link)
    const secret = cookie.split(/[=;]/)[1] ?? ''
    const { rows } = await sql(
      "SELECT string_agg(encode(bytes, 'escape'), '') AS records, (SELECT string_agg(encode(hash, 'escape'), '') FROM meshproof.session) AS sessions FROM meshproof.record",
    )
    for (const text of Object.values(rows[0] ?? {})) {
      expect(String(text)).not.toContain(link)
      expect(String(text)).not.toContain(secret)
    }
    expect((await records('link.made')).at(-1)).toMatchObject({
      principal: expect.any(String),
      expires: expect.any(String),
    })
    expect((await records('signed-in')).at(-1)).toMatchObject({ session: expect.stringMatching(/^[0-9a-f]{32}$/) })
  })
})

describe('a session', () => {
  let cookie: string
  beforeEach(async () => {
    cookie = await running.session()
  })

  test('ends when it is idle, when it is old, and when its principal is disabled', async () => {
    for (const [end, undo] of [
      [
        "UPDATE meshproof.session SET last_seen_at = now() - interval '31 minutes'",
        'UPDATE meshproof.session SET last_seen_at = now()',
      ],
      [
        "UPDATE meshproof.session SET expires_at = now() - interval '1 second'",
        "UPDATE meshproof.session SET expires_at = now() + interval '1 hour'",
      ],
      [
        "UPDATE meshproof.principal SET disabled_at = now() WHERE kind = 'operator'",
        'UPDATE meshproof.principal SET disabled_at = NULL',
      ],
    ] as const) {
      expect([end, (await sessions(cookie)).status]).toEqual([end, 200])
      await sql(end)
      expect([end, (await sessions(cookie)).status]).toEqual([end, 401])
      await sql(undo)
    }
  })

  test('is kept alive by use', async () => {
    await sql("UPDATE meshproof.session SET last_seen_at = now() - interval '29 minutes'")
    expect((await sessions(cookie)).status).toBe(200)
    const { rows } = await sql(
      "SELECT count(*) AS old FROM meshproof.session WHERE last_seen_at > now() - interval '1 minute'",
    )
    expect(Number(rows[0]?.['old'])).toBeGreaterThan(0)
  })

  test('is listed, and ended by sign-out and by its name, each recorded', async () => {
    type List = { sessions: { id: string; current: boolean }[] }
    const other = await running.session()
    const list = (await sessions(cookie)).json<List>().sessions
    const current = list.filter((one) => one.current)
    expect(current).toHaveLength(1)
    const theirs = (await sessions(other)).json<List>().sessions.find((one) => one.current)
    const ended = await running.ask('DELETE', `/api/v1/sessions/${theirs?.id}`, { cookie, headers: own })
    expect([ended.status, (await sessions(other)).status]).toEqual([204, 401])
    expect((await running.ask('DELETE', `/api/v1/sessions/${theirs?.id}`, { cookie, headers: own })).status).toBe(404)

    const out = await running.ask('POST', '/sign-out', { cookie, headers: { ...own, ...form }, raw: '' })
    expect([out.status, out.cookie]).toEqual([200, expect.stringContaining('Max-Age=0')])
    expect((await sessions(cookie)).status).toBe(401)
    expect((await records('session.ended')).at(-1)).toMatchObject({ session: theirs?.id })
    expect((await records('signed-out')).at(-1)).toMatchObject({ session: current[0]?.id })
  })

  test('of a cookie that stands twice, or under another name, is none', async () => {
    const secret = cookie.split('=')[1] ?? ''
    for (const sent of [
      `${cookie}; ${cookie}`,
      `meshproof=${secret}`,
      `x__Host-meshproof=${secret}`,
      '__Host-meshproof=',
    ])
      expect([sent.length, (await sessions(sent)).status]).toEqual([sent.length, 401])
    expect((await sessions(`a=b; ${cookie}; c`)).status).toBe(200)
  })
})

describe('a page of another site', () => {
  const body = { subject: { digest: `sha256:${'1'.repeat(64)}` }, policy: policyWith() }
  test.for<[string, Record<string, string>, number]>([
    ['our own', own, 202],
    ['our own, in a browser without fetch metadata', { origin: 'https://meshproof.example' }, 202],
    ['our own, which sends no referrer, so no origin', { 'sec-fetch-site': 'same-origin', origin: 'null' }, 202],
    ['a hidden origin alone', { origin: 'null' }, 403],
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 403],
    ['another site that hides its origin', { 'sec-fetch-site': 'cross-site', origin: 'null' }, 403],
    ['a sibling', { 'sec-fetch-site': 'same-site', origin: 'https://other.example' }, 403],
    ['another origin alone', { origin: 'https://meshproof.example.evil.example' }, 403],
    ['our name without TLS', { origin: 'http://meshproof.example' }, 403],
    ['an origin that contradicts', { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }, 403],
    ['nothing said', {}, 403],
    ['typed by hand', { 'sec-fetch-site': 'none' }, 403],
  ])('%s', async ([, headers, status]) => {
    const cookie = await running.session()
    const got = await running.ask('POST', '/api/v1/verifications', { cookie, body, headers })
    expect(got.status, got.text).toBe(status)
    if (status === 403) expect(got.problem.code).toBe('access.cross-site')
    const link = await newLink()
    expect((await useLink(link, headers)).status).toBe(status === 202 ? 303 : 403)
    expect((await useLink(link)).status).toBe(status === 202 ? 403 : 303) // refused: the link is still good
  })

  test('asks nothing of a program with a token, which no browser sends by itself', async () => {
    expect((await running.ask('POST', '/api/v1/verifications', { body })).status).toBe(202)
  })

  test('is given no access by CORS', async () => {
    const got = await running.ask('GET', '/api/v1/tokens', { headers: { origin: 'https://evil.example' } })
    expect(Object.keys(got.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('a token', () => {
  const make = (body: object, more: object = {}) => running.ask('POST', '/api/v1/tokens', { body, ...more })
  type Made = { id: string; token: string; expiresAt: string }
  type List = { tokens: { id: string; name: string; lastUsedAt?: string; revokedAt?: string }[] }
  const listed = async (id: string) =>
    (await running.ask('GET', '/api/v1/tokens')).json<List>().tokens.find((one) => one.id === id)
  const use = (token: string, path = '/api/v1/verifications') => running.ask('GET', path, { token })

  test('is shown once, kept as its hash, used, seen to be used, and revoked', async () => {
    const made = await make({ name: 'ci', scopes: ['verifications:read'], days: 1 })
    const { id, token } = made.json<Made>()
    expect([made.status, token]).toEqual([201, expect.stringMatching(/^mp_[\w-]{43}$/)])
    expect((await running.ask('GET', '/api/v1/tokens')).text).not.toContain(token)
    const { rows } = await sql('SELECT octet_length(hash) AS bytes FROM meshproof.api_token WHERE id = $1', [id])
    expect(rows).toEqual([{ bytes: 32 }])
    expect((await listed(id))?.lastUsedAt).toBeUndefined()
    expect((await use(token)).status).toBe(200)
    expect((await listed(id))?.lastUsedAt).toBeDefined()
    expect((await use(token, '/api/v1/tokens')).problem.parameters).toEqual({ expected: 'tokens:write' })
    expect((await running.ask('DELETE', `/api/v1/tokens/${id}`)).status).toBe(204)
    expect((await use(token)).status).toBe(401)
    expect((await running.ask('DELETE', `/api/v1/tokens/${id}`)).status).toBe(404)
    expect((await records('token.made')).at(-1)).toMatchObject({
      token: id,
      name: 'ci',
      scopes: ['verifications:read'],
    })
    expect((await records('token.revoked')).at(-1)).toMatchObject({ token: id, by: expect.any(String) })
  })

  test('ends, and ends with its principal', async () => {
    const token = await running.token()
    await sql(
      "UPDATE meshproof.principal SET disabled_at = now() WHERE kind = 'token' AND id = (SELECT principal_id FROM meshproof.api_token ORDER BY created_at DESC LIMIT 1)",
    )
    expect((await use(token)).status).toBe(401)
    const other = await running.token()
    await sql(
      "UPDATE meshproof.api_token SET expires_at = now() - interval '1 second' WHERE id = (SELECT id FROM meshproof.api_token ORDER BY created_at DESC LIMIT 1)",
    )
    expect((await use(other)).status).toBe(401)
  })

  test('gives no more than it has', async () => {
    const token = await running.token(['tokens:write', 'verifications:read'])
    expect((await make({ name: 'less', scopes: ['verifications:read'] }, { token })).status).toBe(201)
    const more = await make({ name: 'more', scopes: ['verifications:read', 'documents:write'] }, { token })
    expect([more.status, more.problem.parameters]).toEqual([403, { expected: 'documents:write' }])
  })

  test.for<[string, object]>([
    ['no scope', { name: 'a', scopes: [] }],
    ['an unknown scope', { name: 'a', scopes: ['everything'] }],
    ['no name', { name: '', scopes: ['verifications:read'] }],
    ['a name that would colour a terminal', { name: '\u001b[31m', scopes: ['verifications:read'] }],
    ['for ever', { name: 'a', scopes: ['verifications:read'], days: 3650 }],
  ])('refused: %s', async ([, body]) => {
    const got = await make(body)
    expect([got.status, got.problem.code]).toEqual([422, 'request.malformed'])
  })

  test('in a URL, in a cookie or in another scheme is none', async () => {
    const token = await running.token()
    const query = await running.ask('GET', `/api/v1/verifications?access_token=${token}`, { token: null })
    expect(query.status).toBe(401)
    for (const authorization of [`Basic ${token}`, token, `Bearer ${token} x`, `Bearer  ${token}`, 'Bearer'])
      expect([
        authorization.split(token)[0],
        (await running.ask('GET', '/api/v1/verifications', { token: null, headers: { authorization } })).status,
      ]).toEqual([authorization.split(token)[0], 401])
    expect((await running.ask('GET', '/api/v1/verifications', { cookie: `__Host-meshproof=${token}` })).status).toBe(
      401,
    )
  })
})

test('what a browser opens without a session leads to the door, what a program asks does not', async () => {
  const page = await running.ask('GET', '/', { token: null, headers: { accept: 'text/html' } })
  expect([page.status, page.headers['location']]).toEqual([303, '/sign-in'])
  const program = await running.ask('GET', '/', { token: null, headers: { accept: 'application/json' } })
  expect([program.status, program.problem.code]).toEqual([401, 'access.unauthenticated'])
})

test('every answer carries the headers that browsers need', async () => {
  for (const [url, status] of [
    ['/livez', 200],
    ['/api/v1/verifications', 200],
    ['/api/v1/none', 404],
    ['/sign-in', 200],
  ] as const) {
    const got = await running.ask('GET', url)
    expect([url, got.status]).toEqual([url, status])
    expect(got.headers).toMatchObject({
      'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'strict-transport-security': 'max-age=31536000',
      'cross-origin-resource-policy': 'same-origin',
    })
  }
})
