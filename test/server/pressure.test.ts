/** Bounded everywhere: sockets that say nothing, streams, queues, addresses; and how it ends. */
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { policyWith } from './scene.ts'
import { type Running, start } from './service.ts'

let running: Running
let origin: string
beforeAll(async () => {
  running = await start({
    works: false,
    limits: {
      httpHeadersMs: 300,
      httpRequestMs: 600,
      openRequests: 3,
      openCountMs: 100,
      eventStreams: 1,
      rateAddress: 300,
      rateRefused: 3,
    },
  })
  origin = await running.app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => running.close())

const asked = (i: number) => ({
  subject: { digest: `sha256:${String(i).padStart(64, '0')}` },
  policy: policyWith(),
})
const post = (i: number, headers = {}) => running.ask('POST', '/api/v1/verifications', { body: asked(i), headers })

test('R15 sockets that never finish what they say are closed, and others are served meanwhile', async () => {
  const { port } = new URL(origin)
  const stuck = [
    '',
    'GET /livez HTTP/1.1\r\nHost: a\r\n',
    'POST /sign-in HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nlink=',
  ]
  const sockets = Array.from({ length: 500 }, (_, i) => opened(Number(port), stuck[i % stuck.length] ?? ''))
  const ends = Promise.all(sockets.map(({ ended }) => ended))
  const served: number[] = []
  let over = false
  void ends.then(() => {
    over = true
  })
  while (!over) {
    const answer = await fetch(`${origin}/livez`)
    await answer.arrayBuffer()
    served.push(answer.status)
  }
  const heard = await ends
  expect(new Set(served)).toEqual(new Set([200]))
  const told = heard.filter((text) => text !== '')
  for (const text of told) expect(text).toMatch(/^HTTP\/1\.1 408 /)
  expect(told.length).toBeGreaterThan(300)
})

function opened(port: number, text: string): { readonly socket: Socket; readonly ended: Promise<string> } {
  const socket = connect(port, '127.0.0.1', () => socket.write(text))
  let heard = ''
  socket.on('data', (chunk) => {
    heard += String(chunk)
  })
  socket.on('error', () => {})
  return { socket, ended: new Promise((done) => socket.once('close', () => done(heard))) }
}

test('R18 of event streams there are so many, and one that is left makes room', async () => {
  const { id } = (await post(1)).json()
  const token = await running.token()
  const watch = (signal?: AbortSignal) =>
    fetch(`${origin}/api/v1/verifications/${id}/events`, {
      headers: { authorization: `Bearer ${token}` },
      ...(signal !== undefined && { signal }),
    })
  const leave = new AbortController()
  const first = await watch(leave.signal)
  const reader = first.body?.getReader()
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toContain('event: state')
  const second = await running.ask('GET', `/api/v1/verifications/${id}/events`)
  expect([second.status, second.problem.code, second.headers['retry-after']]).toEqual([503, 'service.busy', '5'])
  leave.abort()
  let third = await watch(AbortSignal.timeout(30_000))
  while (third.status === 503) third = await watch(AbortSignal.timeout(30_000))
  expect(third.status).toBe(200)
  await third.body?.cancel()
})

test('R18 of open requests there are so many; one that ends makes room', async () => {
  let got = await post(10)
  for (let i = 11; got.status === 202; i++) got = await post(i)
  expect([got.status, got.problem.code, got.headers['retry-after']]).toEqual([503, 'request.too-many', '30'])
  const { rows } = await running.service.database.pool.query('SELECT count(*) AS n FROM meshproof.request')
  expect(Number(rows[0]?.['n'])).toBeGreaterThanOrEqual(3)
  await running.service.database.pool.query("UPDATE meshproof.request SET state = 'cancelled'")
  let again = await post(100)
  while (again.status === 503) again = await post(100)
  expect(again.status).toBe(202)
})

test('an address that shows what is not ours is told to wait; a token from there still works', async () => {
  const wrong = () => running.ask('GET', '/api/v1/sessions', { token: `mp_${'B'.repeat(43)}` })
  const statuses = [await wrong(), await wrong(), await wrong(), await wrong()].map(({ status }) => status)
  expect(statuses).toEqual([401, 401, 401, 429])
  expect((await running.ask('GET', '/api/v1/sessions')).status).toBe(200)
})

test('an address that asks too often without a token is told to wait; what keeps us running is not', async () => {
  const ask = (url: string) => running.ask('GET', url, { token: null })
  let got = await ask('/sign-in')
  for (let i = 0; i < 300 && got.status === 200; i++) got = await ask('/sign-in')
  expect([got.status, got.problem.code]).toEqual([429, 'request.rate-limited'])
  for (const url of ['/livez', '/readyz']) expect((await ask(url)).status).toBe(200)
})

test('R16 who is about to stop says so, and ends what would go on', async () => {
  const { id } = (await post(200)).json()
  const headers = { authorization: `Bearer ${await running.token()}` }
  const stream = await fetch(`${origin}/api/v1/verifications/${id}/events`, { headers })
  const reader = stream.body?.getReader()
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toContain('"state":"queued"')
  running.app.drain()
  expect((await reader?.read())?.done).toBe(true)
  const ready = await running.ask('GET', '/readyz', { token: null })
  expect([ready.status, ready.text]).toEqual([503, 'not ready\n'])
  const { checks } = (await running.ask('GET', '/readyz?verbose')).json<{ checks: object[] }>()
  expect(checks[0]).toEqual({ name: 'process', ready: false, found: 'stopping' })
  expect((await running.ask('GET', '/livez', { token: null })).status).toBe(200)
  expect((await running.ask('GET', `/api/v1/verifications/${id}`)).status).toBe(200)
})
