/** For whom a proxy speaks: only the proxies of the configuration are believed. */
import { afterEach, expect, test } from 'vitest'
import { type Running, start } from './service.ts'

let running: Running | undefined
afterEach(() => running?.close())

const log: string[] = []
const most = 5
const open = async (proxies: string | undefined): Promise<Running> => {
  log.length = 0
  running = await start({
    works: false,
    limits: { rateAddress: most },
    log: { level: 'info', stream: { write: (line) => log.push(line) } },
    env: proxies === undefined ? {} : { MESHPROOF_SERVER_PROXIES: proxies },
  })
  return running
}
/** As many as are let through of three times as many as may. */
async function passed(one: Running, call: (i: number) => { readonly from: string; readonly forwarded: string }) {
  let through = 0
  for (let i = 0; i < 3 * most; i++) {
    const { from, forwarded } = call(i)
    const got = await one.ask('GET', '/sign-in', { token: null, from, headers: { 'x-forwarded-for': forwarded } })
    if (got.status === 200) through++
  }
  return through
}

test.each([
  ['T80 whoever connects by itself says for whom it speaks: it is still one address', '192.0.2.9', most],
  ['its twin: the proxy says it, of as many callers', '10.1.2.3', 3 * most],
  ['the proxy by its mapped address', '::ffff:10.1.2.3', 3 * most],
])('%s', async (_, from, expected) => {
  const one = await open('10.0.0.0/8, 2001:db8::1')
  expect(await passed(one, (i) => ({ from, forwarded: `198.51.100.${i}` }))).toBe(expected)
  const callers = new Set(log.flatMap((line) => (JSON.parse(line) as { req?: { from: string } }).req?.from ?? []))
  expect(callers.has('198.51.100.1')).toBe(expected > most)
})

test('T80 what a caller put there before the proxy did is not believed', async () => {
  const one = await open('10.0.0.0/8')
  expect(await passed(one, (i) => ({ from: '10.1.2.3', forwarded: `203.0.113.${i}, 198.51.100.7` }))).toBe(most)
})

test('by default nobody is believed, loopback neither', async () => {
  const one = await open(undefined)
  expect(await passed(one, (i) => ({ from: '127.0.0.1', forwarded: `198.51.100.${i}` }))).toBe(most)
})
