import { expect, test } from 'vitest'
import { retryAfterOf } from '../../../src/evidence/http/rate.ts'
import { type Fault, reply } from '../../registry/registry.ts'
import { ask, client, image, quick, referrers, registry, resolve, tag, word } from './setup.ts'

const t0 = Date.UTC(2026, 10, 25, 12)

/** Answers `first` this often, then as usual. */
const times = (count: number, first: Fault): Fault => {
  let left = count
  return (request, response, self) => (left-- > 0 ? first(request, response, self) : false)
}
const unavailable: Fault = (_, response) => reply(response, 503)
const hangUp: Fault = (request) => {
  request.socket.destroy()
  return true
}

test('a fault that may pass is tried once more, and only once', async () => {
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  for (const fault of [unavailable, hangUp]) {
    server.setFault(times(1, fault))
    expect(word((await ask(client([server]), resolve(server))).outcome)).toBe(digest)
    server.setFault(times(2, fault))
    expect(word((await ask(client([server]), resolve(server))).outcome)).toMatch(/^registry\.(failed|unreachable)$/)
    expect(word((await ask(client([server]), resolve(server))).outcome)).toBe(digest)
  }
})

test('F-058 those who wait for an answer do not inherit a failure that passes', async () => {
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  server.setFault(times(1, unavailable))
  const one = client([server], { limits: { ...quick, attempts: 1 } })
  const words = (await Promise.all(Array.from({ length: 5 }, () => ask(one, resolve(server))))).map(({ outcome }) =>
    word(outcome),
  )
  expect(words).toEqual(['registry.failed', digest, digest, digest, digest])
  expect(server.requests).toHaveLength(2)
  expect(word((await ask(one, resolve(server))).outcome)).toBe(digest) // and nobody remembers it
})

test('F-058 a registry that stays broken is asked twice, not once for each who waits', async () => {
  const server = await registry({ fault: unavailable })
  const one = client([server], { limits: { ...quick, attempts: 1 } })
  for (const { outcome } of await Promise.all(Array.from({ length: 20 }, () => ask(one, resolve(server)))))
    expect(word(outcome)).toBe('registry.failed')
  expect(server.requests.length).toBeLessThanOrEqual(3)
})

test('W5 the same question asked 500 times at once is one request', async () => {
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  const one = client([server])
  for (const { outcome } of await Promise.all(Array.from({ length: 500 }, () => ask(one, resolve(server)))))
    expect(word(outcome)).toBe(digest)
  expect(server.requests).toHaveLength(1)
})

test('a caller that runs out of time says so, and takes nobody along', async () => {
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  let release = (): void => {}
  const held = new Promise<void>((go) => {
    release = go
  })
  server.setFault(async () => {
    await held
    return false
  })
  const one = client([server])
  const hasty = new AbortController()
  const [early, patient] = [ask(one, resolve(server), hasty.signal), ask(one, resolve(server))]
  await expect.poll(() => server.requests.length).toBe(1)
  hasty.abort()
  expect(word((await early).outcome)).toBe('limit.time')
  release()
  expect(word((await patient).outcome)).toBe(digest)
  expect(word((await ask(one, resolve(server), AbortSignal.abort())).outcome)).toBe('limit.time')
})

test('R12 an answer that trickles is cut', async () => {
  const server = await registry({
    fault: (_, response) => {
      response.writeHead(200, { 'content-length': 1000 })
      const trickle = setInterval(() => response.write('x'), 20)
      response.on('close', () => clearInterval(trickle))
      return true
    },
  })
  const { outcome } = await ask(client([server], { limits: { ...quick, answerMs: 200, attempts: 1 } }), resolve(server))
  expect(word(outcome)).toBe('registry.unreachable')
})

test('R10 a host that says when to come back is left alone until then, and no other host is', async () => {
  const [busy, other] = [
    await registry({ fault: (_, response) => reply(response, 429, { 'retry-after': '90' }) }),
    await registry(),
  ]
  const digest = other.addManifest('team/app', '1', image())
  let now = t0
  const one = client([busy, other], { now: () => now })
  const { outcome, beside } = await ask(one, resolve(busy))
  expect(word(outcome)).toBe('registry.rate-limited')
  expect(beside.retryAfter).toBe('2026-11-25T12:01:30.000Z')
  for (const question of [
    resolve(busy),
    tag(busy, 'x'),
    referrers(busy, digest),
    resolve(busy, ':1', 'another/repository'),
  ])
    expect(word((await ask(one, question)).outcome)).toBe('registry.rate-limited')
  expect(busy.requests).toHaveLength(1)
  expect(word((await ask(one, resolve(other))).outcome)).toBe(digest)
  now += 91_000
  busy.setFault(undefined)
  expect(word((await ask(one, resolve(busy))).outcome)).toBe('absent')
})

test('R10 a short wait is waited', async () => {
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  server.setFault(times(1, (_, response) => reply(response, 429, { 'retry-after': '0' })))
  expect(word((await ask(client([server]), resolve(server))).outcome)).toBe(digest)
})

test('R10 when to come back, as servers write it', () => {
  const seconds = (headers: Record<string, string>): number => (retryAfterOf(headers, t0, quick) - t0) / 1000
  expect(seconds({ 'retry-after': '120' })).toBe(120)
  expect(seconds({ 'retry-after': 'Wed, 25 Nov 2026 12:05:00 GMT' })).toBe(300)
  expect(seconds({ 'retry-after': 'Wed, 25 Nov 2020 12:05:00 GMT' })).toBe(0)
  expect(seconds({ 'x-retry-after': String(t0 / 1000 + 40) })).toBe(40)
  expect(seconds({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' })).toBe(21600)
  expect(seconds({ 'ratelimit-reset': '7' })).toBe(7)
  expect(seconds({ 'retry-after': '999999999999' })).toBe(24 * 60 * 60)
  for (const odd of [{}, { 'retry-after': 'soon' }, { 'retry-after': '-5' }, { 'retry-after': '' }])
    expect(seconds(odd as Record<string, string>)).toBe(quick.rateLimitMs / 1000)
})

test('at most so many requests at once for a host', async () => {
  const server = await registry()
  let open = 0
  let most = 0
  server.setFault(async () => {
    most = Math.max(most, ++open)
    await new Promise((tick) => setTimeout(tick, 5))
    open--
    return false
  })
  const one = client([server], { limits: { ...quick, parallelRequests: 3 } })
  await Promise.all(Array.from({ length: 20 }, (_, n) => ask(one, tag(server, `t${n}`))))
  expect(most).toBe(3)
  expect(server.requests).toHaveLength(20)
})
