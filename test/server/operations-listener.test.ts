/** How a process that serves nothing else tells how it is. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createOperations } from '../../src/server/app.ts'
import { type Running, start } from './service.ts'

let running: Running
beforeAll(async () => {
  running = await start()
})
afterAll(() => running.close())

const on = (listen: string) =>
  createOperations({ ...running.service, config: { ...running.service.config, operations: { listen, port: 0 } } })

test('on loopback whoever is there may read all of it; there is nothing else', async () => {
  const app = await on('127.0.0.1')
  const get = (url: string) => app.inject({ url })
  expect((await get('/livez')).body).toBe('ok\n')
  expect((await get('/readyz')).body).toBe('ready\n')
  expect((await get('/readyz?verbose')).json()).toMatchObject({
    ready: true,
    checks: [{ name: 'database' }, {}, {}, {}],
  })
  const metrics = await get('/metrics')
  expect([metrics.statusCode, metrics.body]).toEqual([200, expect.stringContaining('meshproof_queue_jobs')])
  for (const url of ['/', '/api/v1/verifications', '/sign-in']) expect((await get(url)).statusCode).toBe(404)
  app.drain()
  expect((await get('/readyz')).statusCode).toBe(503)
  await app.close()
})

test('on any other address it asks for a token as the service does', async () => {
  const app = await on('0.0.0.0')
  const get = (url: string, token?: string) =>
    app.inject({ url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
  for (const url of ['/metrics', '/readyz?verbose']) {
    expect((await get(url)).statusCode).toBe(401)
    expect((await get(url, await running.token(['verifications:read']))).statusCode).toBe(403)
    expect((await get(url, await running.token(['operations:read']))).statusCode).toBe(200)
  }
  expect((await get('/livez')).body).toBe('ok\n')
  await app.close()
})
