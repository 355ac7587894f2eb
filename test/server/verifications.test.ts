import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestRegistry } from '../registry/registry.ts'
import { allowing, asking, policyWith, registryForFile, signed } from './scene.ts'
import { type Running, start, type Verification } from './service.ts'

let running: Running
let registry: TestRegistry
beforeAll(async () => {
  registry = await registryForFile()
  running = await start({ env: allowing(registry), limits: { batchLines: 8, waiters: 1, waitMs: 50_000 } })
})
afterAll(async () => {
  await running.close()
  await registry.close()
})

const post = (body: unknown, headers: Record<string, string> = {}, more: object = {}) =>
  running.ask('POST', '/api/v1/verifications', { body, headers, ...more })
const records = async (kind: string) => {
  const rows = await running.service.database.db.selectFrom('record').select('bytes').where('kind', '=', kind).execute()
  return rows.map(({ bytes }) => JSON.parse(bytes.toString()) as Record<string, unknown>)
}

/** Whoever asks the registry for this path waits until it is released. */
function hold(path: string): { readonly reached: Promise<void>; readonly release: () => void } {
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  registry.setFault(async ({ url }) => {
    if (url?.includes(path) !== true) return false
    reached.resolve()
    await released.promise
    return false
  })
  return { reached: reached.promise, release: released.resolve }
}

describe('ask', () => {
  test('202 with the place of the answer, and the answer there in the end', async () => {
    const asked = await post(asking(signed(registry, 'ask/plain'), { id: 'mine' }))
    expect(asked.status).toBe(202)
    expect(asked.headers['retry-after']).toBe('1')
    const location = asked.headers['location'] ?? ''
    expect(location).toBe(`/api/v1/verifications/${asked.json().id}`)
    let found = await running.ask('GET', location)
    while (['queued', 'running'].includes(found.json().state)) found = await running.ask('GET', location)
    expect(found.json()).toMatchObject({
      state: 'done',
      outcome: 'trusted',
      answer: { id: 'mine', verdict: 'trusted' },
    })
  })

  test('Prefer: wait answers with the verdict; the attacked twin is rejected', async () => {
    expect(await running.verify(asking(signed(registry, 'ask/good')))).toMatchObject({ outcome: 'trusted' })
    const bad = await running.verify(asking(signed(registry, 'ask/bad', 'a stranger')))
    expect(bad).toMatchObject({ outcome: 'rejected', answer: { verdict: 'rejected' } })
    expect(JSON.stringify(bad.answer)).toContain('signature.invalid')
  })

  test('who waits in vain is told 202, and so is who finds no place to wait', async () => {
    const image = signed(registry, 'ask/slow')
    const held = hold('/ask/slow/')
    const waiting = post(asking(image), { prefer: 'respond-async, wait=50' })
    await held.reached
    const second = await post(asking(image), { prefer: 'wait=50' })
    expect(second.status).toBe(202)
    const third = await post(asking(image), { prefer: 'wait=0' })
    expect(third.status).toBe(202)
    held.release()
    const first = await waiting
    expect([first.status, first.json().outcome]).toEqual([200, 'trusted'])
    expect(first.headers['preference-applied']).toBe('wait=50')
  })
})

describe('what is wrong with a request is said at once', () => {
  const image = 'docker.io/kong/kuma-cp:2.14.3'
  const policy = policyWith()
  test.for<[string, unknown, number, string]>([
    ['no object', [], 422, 'request.malformed'],
    ['no policy', { subject: { image } }, 422, 'request.malformed'],
    ['an unknown key', { subject: { image }, policy, extra: 1 }, 422, 'request.malformed'],
    ['a broken reference', { subject: { image: 'not a reference' }, policy }, 422, 'reference.malformed'],
    ['an unknown profile', { subject: { image }, policy: { profile: 'none' } }, 422, 'policy.unknown-profile'],
    ['no profile that speaks of it', { subject: { image: 'a/b' }, policy: { profile: 'auto' } }, 422, 'policy.missing'],
    [
      'a policy without requirements',
      { subject: { image }, policy: { ...policy, requirements: [] } },
      422,
      'policy.malformed',
    ],
    [
      'a stored policy that is not there',
      { subject: { image }, policy: { document: `sha256:${'0'.repeat(64)}` } },
      422,
      'store.unknown',
    ],
    [
      'a stored root that is not there',
      { subject: { image }, policy, trust: { document: `sha256:${'0'.repeat(64)}` } },
      422,
      'store.unknown',
    ],
    ['a file', { subject: { file: '/etc/passwd' }, policy }, 422, 'request.path-not-allowed'],
    [
      'a bundle at a path',
      { subject: { image }, policy, given: [{ bundle: { path: 'a' } }] },
      422,
      'request.path-not-allowed',
    ],
    ['a layout', { subject: { image }, policy, given: [{ layout: '.' }] }, 422, 'request.path-not-allowed'],
    ['an archive', { subject: { image }, policy, given: [{ securityAssets: 'a' }] }, 422, 'request.path-not-allowed'],
    [
      'a root at a path',
      { subject: { image }, policy: { profile: 'kong-mesh' }, trust: { root: { path: 'a' } } },
      422,
      'request.path-not-allowed',
    ],
    [
      'a key at a path',
      { subject: { image }, policy: policyWith({}, { signer: { keys: [{ key: { path: '/etc/passwd' } }] } }) },
      422,
      'request.path-not-allowed',
    ],
    ['no time', { subject: { image }, policy, at: 'soon' }, 422, 'request.malformed'],
    ['no name of signatures', { subject: { image }, policy, signatureRepository: 'a b' }, 422, 'reference.malformed'],
    ['a lone surrogate', { id: '\ud800', subject: { image }, policy }, 422, 'request.malformed'],
    ['a NUL', { subject: { digest: `sha256:${'1'.repeat(64)}`, name: 'a\u0000b' }, policy }, 422, 'request.malformed'],
  ])('%s', async ([, body, status, code]) => {
    const before = (await records('request')).length
    const got = await post(body)
    expect([got.status, got.problem.code]).toEqual([status, code])
    expect(got.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(got.problem.detail ?? '').not.toBe('')
    expect(await records('request')).toHaveLength(before)
  })

  test.for<[string, string | Buffer, string | undefined, number, string]>([
    ['no JSON', '{', 'application/json', 400, 'request.malformed'],
    ['a key twice', '{"policy":1,"Policy":2}', 'application/json', 400, 'request.malformed'],
    ['too deep', '['.repeat(100), 'application/json', 400, 'request.malformed'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'application/json', 400, 'request.malformed'],
    ['a form', 'a=1', 'application/x-www-form-urlencoded', 415, 'request.media-type'],
    ['plain text, as a form of another site may send', '{}', 'text/plain', 415, 'request.media-type'],
    ['no type', '{}', undefined, 415, 'request.media-type'],
    ['too large', Buffer.alloc(32 * 1024 * 1024 + 1, 0x20), 'application/json', 413, 'request.too-large'],
  ])('body: %s', async ([, raw, type, status, code]) => {
    const got = await running.ask('POST', '/api/v1/verifications', {
      raw,
      ...(type !== undefined && { headers: { 'content-type': type } }),
    })
    expect([got.status, got.problem.code]).toEqual([status, code])
  })

  test('what is not there is 404, with a code', async () => {
    for (const [url, code] of [
      ['/api/v1/verifications/019aa7c2-5b1e-7c3d-9f00-1c2d3e4f5a6b', 'request.unknown'],
      ['/api/v1/verifications/1', 'store.unknown'],
      ['/api/v1/nothing', 'request.no-route'],
    ] as const)
      expect([url, (await running.ask('GET', url)).problem.code]).toEqual([url, code])
  })
})

describe('R2 Idempotency-Key', () => {
  test('the same body gets the first answer, another body none, another caller its own', async () => {
    const body = asking(signed(registry, 'key/one'))
    const headers = { 'idempotency-key': 'k-1' }
    const first = await post(body, headers)
    const again = await post(body, headers)
    expect([again.status === 202 || again.status === 200, again.json().id]).toEqual([true, first.json().id])
    const other = await post(asking(signed(registry, 'key/two')), headers)
    expect([other.status, other.problem.code]).toEqual([422, 'request.idempotency-conflict'])
    const stranger = await post(body, headers, { token: await running.token() })
    expect(stranger.json().id).not.toBe(first.json().id)
    expect((await records('request')).filter(({ request }) => request === first.json().id)).toHaveLength(1)
  })

  test('two at once are one', async () => {
    const body = asking(signed(registry, 'key/race'))
    const headers = { 'idempotency-key': 'k-race' }
    const answers = await Promise.all([1, 2, 3, 4].map(() => post(body, headers)))
    expect(new Set(answers.map((one) => one.json().id)).size).toBe(1)
  })

  test('after its time the key is free; a key of spaces is none', async () => {
    const body = asking(signed(registry, 'key/old'))
    const first = await post(body, { 'idempotency-key': 'k-old' })
    await running.service.database.pool.query(
      "UPDATE meshproof.idempotency SET expires_at = now() - interval '1 second'",
    )
    const later = await post(body, { 'idempotency-key': 'k-old' })
    expect(later.json().id).not.toBe(first.json().id)
    expect((await post(body, { 'idempotency-key': 'a b' })).problem.code).toBe('request.malformed')
  })
})

describe('cancel and retry', () => {
  test('each in its states only, each recorded with who did it', async () => {
    const { id } = await running.verify(asking(signed(registry, 'turn/done')))
    const late = await running.ask('POST', `/api/v1/verifications/${id}/cancel`)
    expect([late.status, late.problem.code]).toEqual([409, 'request.state'])
    expect((await running.ask('POST', `/api/v1/verifications/${id}/retry`)).problem.code).toBe('request.state')

    const held = hold('/turn/held/')
    const asked = (await post(asking(signed(registry, 'turn/held')))).json()
    await held.reached
    const cancelled = await running.ask('POST', `/api/v1/verifications/${asked.id}/cancel`)
    expect([cancelled.status, cancelled.json().state]).toEqual([200, 'cancelled'])
    held.release()
    const retried = await running.ask('POST', `/api/v1/verifications/${asked.id}/retry`)
    expect([retried.status, retried.json().state]).toEqual([200, 'queued'])
    for (const kind of ['request.cancelled', 'request.retried'])
      expect((await records(kind)).at(-1)).toMatchObject({ request: asked.id, principal: expect.any(String) })
    const { text } = await running.ask('GET', `/api/v1/verifications/${asked.id}/events`)
    expect(text).toContain('"outcome":"trusted"')
    const unknown = '/api/v1/verifications/019aa7c2-5b1e-7c3d-9f00-1c2d3e4f5a6b/cancel'
    expect((await running.ask('POST', unknown)).status).toBe(404)
  })
})

describe('batch', () => {
  const type = { 'content-type': 'application/x-ndjson' }
  const send = (lines: readonly (object | string)[], headers = {}) =>
    running.ask('POST', '/api/v1/verifications/batch', {
      raw: lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
      headers: { ...type, ...headers },
    })
  type Line = { line: number; id?: string; request?: string; problem?: { code: string } }
  const linesOf = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)

  test('a line for each line, and one that is wrong stops no other', async () => {
    const good = asking(signed(registry, 'batch/one'), { id: 'one' })
    const got = await send([
      good,
      '{',
      '',
      asking('not a reference', { id: 'x' }),
      { subject: 1 },
      '{"a":1,"a":2}',
      good,
    ])
    expect(got.status).toBe(200)
    const lines = linesOf(got.text)
    expect(lines.map(({ line, request, problem }) => [line, request, problem?.code])).toEqual([
      [1, 'one', undefined],
      [2, undefined, 'request.malformed'],
      [4, 'x', 'reference.malformed'],
      [5, undefined, 'request.malformed'],
      [6, undefined, 'request.malformed'],
      [7, 'one', undefined],
    ])
    expect(lines[0]?.id).not.toBe(lines[5]?.id)
    expect((await running.ask('GET', `/api/v1/verifications/${lines[0]?.id}`)).status).toBe(200)
  })

  test('R2 with a key, a batch that is sent again is the same batch', async () => {
    const lines = ['batch/a', 'batch/b'].map((path) => asking(signed(registry, path)))
    const key = { 'idempotency-key': 'batch' }
    const [first, again] = [await send(lines, key), await send(lines, key)]
    expect(linesOf(again.text).map(({ id }) => id)).toEqual(linesOf(first.text).map(({ id }) => id))
  })

  test('more lines than the limit, and bytes that are no text, are refused whole', async () => {
    expect((await send(Array.from({ length: 9 }, () => '{}'))).problem.code).toBe('request.malformed')
    const got = await running.ask('POST', '/api/v1/verifications/batch', { raw: Buffer.from([0xff]), headers: type })
    expect(got.problem.code).toBe('request.malformed')
  })
})

describe('events', () => {
  type Event = { id: string; data: Verification }
  const eventsIn = (text: string): readonly Event[] =>
    text
      .split('\n\n')
      .filter((block) => block.startsWith('id:'))
      .map((block) => {
        const [, id = '', , data = ''] = /^id: (.*)\nevent: (state)\ndata: (.*)$/.exec(block) ?? []
        return { id, data: JSON.parse(data) as Verification }
      })

  test('from queued to done, then the stream ends; whoever comes back hears what is new', async () => {
    const asked = await post(asking(signed(registry, 'events/one')))
    const { id } = asked.json()
    const got = await running.ask('GET', `/api/v1/verifications/${id}/events`)
    expect(got.headers['content-type']).toBe('text/event-stream')
    expect(got.headers['cache-control']).toBe('no-store')
    const heard = eventsIn(got.text)
    expect(heard.at(-1)?.data).toMatchObject({ id, state: 'done', outcome: 'trusted' })
    expect(new Set(heard.map((one) => one.id)).size).toBe(heard.length)
    const back = await running.ask('GET', `/api/v1/verifications/${id}/events`, { headers: { 'last-event-id': 'old' } })
    expect(eventsIn(back.text)).toHaveLength(1)
    const last = { 'last-event-id': heard.at(-1)?.id ?? '' }
    expect((await running.ask('GET', `/api/v1/verifications/${id}/events`, { headers: last })).status).toBe(204)
  })
})
