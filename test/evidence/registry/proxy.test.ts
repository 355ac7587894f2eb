import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { proxyFor } from '../../../src/evidence/http/proxy.ts'
import { tlsIdentity } from '../../registry/certificates.ts'
import { caseFile, hasField } from './field.ts'
import { ask, client, image, registry, resolve, word } from './setup.ts'

/** A proxy that answers CONNECT, and dials `target` whatever is asked. */
async function proxy(target: string): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const server = createServer()
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '')
    const [host, port] = target.split(':')
    const far = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    far.pipe(socket).pipe(far)
    far.on('error', () => socket.destroy())
    socket.on('error', () => far.destroy())
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

test('T104 which requests go through the proxy', () => {
  const env = { https_proxy: 'http://proxy.example:3128' }
  const table: readonly [string, string, boolean][] = [
    ['', 'https://registry.example/', true],
    ['registry.example', 'https://registry.example/', false],
    ['REGISTRY.example', 'https://registry.EXAMPLE./', false],
    ['example', 'https://registry.example/', false],
    ['.example', 'https://example/', false],
    ['*.example', 'https://registry.example/', false],
    ['gistry.example', 'https://registry.example/', true],
    ['registry.example:443', 'https://registry.example/', false],
    ['registry.example:444', 'https://registry.example/', true],
    ['10.0.0.0/8', 'https://10.255.0.1:5000/', false],
    ['10.0.0.0/8', 'https://11.0.0.1/', true],
    ['10.0.0.0/8', 'https://10.example/', true],
    ['10.0.0.0/99, x/8, /,:,::/0', 'https://11.0.0.1/', true],
    ['1.2.3.4', 'https://1.2.3.4/', false],
    ['4', 'https://1.2.3.4/', true],
    ['[fd00::1]:5000', 'https://[fd00::1]:5000/', false],
    ['[fd00::1]:5001', 'https://[fd00::1]:5000/', true],
    ['a.example,*', 'https://registry.example/', false],
    ['', 'https://localhost:5000/', false],
    ['', 'https://127.0.0.1:5000/', false],
    ['', 'http://registry.example/', false],
  ]
  for (const [no_proxy, url, proxied] of table)
    expect(proxyFor(new URL(url), { ...env, no_proxy }) !== undefined, `${no_proxy} ${url}`).toBe(proxied)
  expect(proxyFor(new URL('https://a.example/'), { HTTPS_PROXY: 'socks5://x:1' })).toBeUndefined()
})

describe.skipIf(!hasField)('field', () => {
  test('T104 F-065 where each connection goes', async () => {
    const rows = JSON.parse(await readFile(caseFile('F-065', 'table.json'), 'utf8')) as {
      env: Record<string, string>
      url: string
      goes: string
    }[]
    for (const { env, url, goes } of rows) {
      const expected = goes === 'direct' ? undefined : goes === 'proxy' ? 'proxy.example:3128' : goes
      expect(proxyFor(new URL(url), env)?.host, JSON.stringify(env)).toBe(expected)
    }
  })
})

test('through a proxy the registry still proves itself by TLS, and the observation says `via proxy`', async () => {
  const identity = tlsIdentity()
  const server = await registry({ tls: identity })
  const digest = server.addManifest('team/app', '1', image())
  const { url, asked } = await proxy(server.host)
  const through = { proxyEnv: { https_proxy: url }, authorities: [identity.ca] }
  // The certificate is for 127.0.0.1; a name that this machine cannot even resolve is asked of the proxy.
  const wrongName = await ask(client([], through), resolve('registry.example:5000'))
  expect(word(wrongName.outcome)).toBe('registry.tls-failed')
  expect(asked).toContain('registry.example:5000')
  expect(server.requests).toHaveLength(0)

  const right = tlsIdentity({ name: 'registry.example' })
  const second = await registry({ tls: right })
  second.addManifest('team/app', '1', image())
  const to = await proxy(second.host)
  const { outcome, beside } = await ask(
    client([], { proxyEnv: { https_proxy: to.url }, authorities: [right.ca] }),
    resolve('registry.example:5000'),
  )
  expect(word(outcome)).toBe(digest)
  expect(beside.from).toBe('registry.example:5000 via proxy')
})

test('T43 a private address in a reference is refused before the proxy hears of it', async () => {
  const { url, asked } = await proxy('127.0.0.1:1')
  for (const host of ['10.0.0.1', '169.254.169.254', '[fd00::1]', '192.168.1.1:5000'])
    expect(word((await ask(client([], { proxyEnv: { https_proxy: url } }), resolve(host))).outcome), host).toBe(
      'registry.address-refused',
    )
  expect(asked).toHaveLength(0)
})

test('a proxy that refuses or is gone is a registry that cannot be reached', async () => {
  const server = createServer((_, response) => response.end())
  server.on('connect', (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://user:secret@127.0.0.1:${(server.address() as AddressInfo).port}`
  const refused = await ask(client([], { proxyEnv: { https_proxy: url } }), resolve('registry.example'))
  expect(word(refused.outcome)).toBe('registry.unreachable')
  expect(JSON.stringify(refused)).not.toContain('secret')
  await new Promise((closed) => server.close(closed))
  expect(word((await ask(client([], { proxyEnv: { https_proxy: url } }), resolve('registry.example'))).outcome)).toBe(
    'registry.unreachable',
  )
})
