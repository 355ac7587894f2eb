import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { isLoopbackName, isPublicAddress } from '../../../src/evidence/http/addresses.ts'
import type { Lookup } from '../../../src/evidence/http/connect.ts'
import { ask, client, image, registry, resolve, word } from '../registry/setup.ts'

test('T42 which addresses are public', () => {
  for (const address of [
    '8.8.8.8',
    '1.1.1.1',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.0.1',
    '2606:4700::1111',
    '2a00::1',
    '2001:4860::8888',
  ])
    expect(isPublicAddress(address), address).toBe(true)
  const refused = [
    ...[
      '0.0.0.0',
      '10.0.0.1',
      '100.64.0.1',
      '127.0.0.1',
      '127.255.255.254',
      '169.254.169.254',
      '172.16.0.1',
      '172.31.255.255',
      '192.0.0.1',
    ],
    ...[
      '192.168.1.1',
      '198.18.0.1',
      '224.0.0.1',
      '239.1.1.1',
      '240.0.0.1',
      '255.255.255.255',
      '192.0.2.1',
      '203.0.113.1',
      '198.51.100.1',
    ],
    ...[
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      '::ffff:7f00:1',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b::8.8.8.8',
      '64:ff9b:1::1',
    ],
    ...[
      'fe80::1',
      'fe80::1%eth0',
      'fc00::1',
      'fd00::1',
      'ff02::1',
      '2002:7f00:1::',
      '2001::1',
      '2001:db8::1',
      '3fff::1',
      '100::1',
      '2606::1%lo',
    ],
    ...['', 'localhost', '2130706433', '127.1'],
  ]
  for (const address of refused) expect(isPublicAddress(address), address).toBe(false)
  for (const name of ['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', '127.0.0.9', '[::1]'])
    expect(isLoopbackName(name), name).toBe(true)
  for (const name of ['localhost.example', 'notlocalhost', '128.0.0.1', '[::2]'])
    expect(isLoopbackName(name), name).toBe(false)
})

/** Counts connections; nobody may make one. */
async function canary(): Promise<{ port: number; hits: () => number }> {
  let hits = 0
  const server = createServer((socket) => {
    hits++
    socket.destroy()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => new Promise((closed) => server.close(() => closed())))
  return { port: (server.address() as AddressInfo).port, hits: () => hits }
}

test('T42 T43 a private host that nobody typed is not connected to, in any disguise', async () => {
  const { port, hits } = await canary()
  const forms = [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0x7f000001',
    '127.1',
    '017700000001',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    'localhost',
    'localhost.',
    '0.0.0.0',
    '10.0.0.1',
    '169.254.169.254',
    '192.168.0.1',
    '[fe80::1]',
  ]
  for (const form of forms) {
    const host = `${form}:${port}`
    const { outcome } = await ask(client([]), resolve(host))
    expect(word(outcome), form).toBe('registry.address-refused')
  }
  expect(hits()).toBe(0)
  await ask(client([`127.0.0.1:${port}`]), resolve(`127.0.0.1:${port}`))
  expect(hits()).toBeGreaterThan(0)
})

test('T43 a name is judged by the address it gives at the moment of connecting', async () => {
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  const port = server.host.split(':')[1] ?? ''
  const host = `rebind.example:${port}`
  const answers =
    (addresses: readonly string[]): Lookup =>
    (_, __, done) =>
      done(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      )
  for (const addresses of [['127.0.0.1'], ['8.8.8.8', '127.0.0.1'], []]) {
    const { outcome } = await ask(client([], { lookup: answers(addresses) }), resolve(host))
    expect(word(outcome)).toBe('registry.address-refused')
  }
  expect(server.requests).toHaveLength(0)
  const listed = await ask(client([], { lookup: answers(['127.0.0.1']), insecure: [host] }), resolve(host))
  expect(word(listed.outcome)).toBe(digest)
  expect(listed.beside.from).toBe(`${host} without TLS`) // T47
})

test('T43 a name like x.localhost that a person typed must lead to this machine when asked in plain HTTP', async () => {
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  const host = `x.localhost:${server.host.split(':')[1]}`
  const answers =
    (address: string): Lookup =>
    (_, __, done) =>
      done(null, [{ address, family: 4 }])
  expect(word((await ask(client([host], { lookup: answers('10.0.0.1') }), resolve(host))).outcome)).toBe(
    'registry.address-refused',
  )
  expect(word((await ask(client([host], { lookup: answers('127.0.0.1') }), resolve(host))).outcome)).toBe(digest)
})

test('a host that does not exist or does not listen is unreachable', async () => {
  const gone = await registry()
  await gone.close()
  expect(word((await ask(client([gone]), resolve(gone))).outcome)).toBe('registry.unreachable')
  const lookup: Lookup = (_, __, done) => done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
  const { outcome, beside } = await ask(client([], { lookup }), resolve('missing.example'))
  expect(word(outcome)).toBe('registry.unreachable')
  expect(beside.detail?.['found']).toBe('missing.example (ENOTFOUND)')
})
