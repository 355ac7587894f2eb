import { expect, test } from 'vitest'
import { tlsIdentity } from '../../registry/certificates.ts'
import { ask, blob, client, image, registry, resolve, word } from './setup.ts'

/** Registered as private but over TLS: what an in-house registry is. */
const listed = (host: string) => ({ insecure: [`https://${host}`] })

test('T47 a certificate of an unknown CA, for another name, or expired, ends the matter; there is no way round', async () => {
  const good = tlsIdentity()
  const run = async (identity: typeof good, authorities: readonly string[]) => {
    const server = await registry({ tls: identity })
    const digest = server.addManifest('team/app', '1', image())
    const { outcome } = await ask(client([], { ...listed(server.host), authorities }), resolve(server))
    return { word: word(outcome), digest, requests: server.requests.length }
  }
  const trusted = await run(good, [good.ca])
  expect(trusted.word).toBe(trusted.digest)
  const otherName = tlsIdentity({ ip: '127.0.0.2' })
  const expired = tlsIdentity({ expired: true })
  for (const [identity, authorities] of [
    [good, []],
    [good, [otherName.ca]],
    [otherName, [otherName.ca]],
    [expired, [expired.ca]],
  ] as const)
    expect(await run(identity, authorities)).toMatchObject({ word: 'registry.tls-failed', requests: 0 })
})

test('T47 a registry that speaks plain HTTP is never asked in it unless somebody said so by name', async () => {
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  const { outcome } = await ask(client([], listed(server.host)), resolve(server))
  expect(word(outcome)).toBe('registry.insecure-refused')
  expect(server.requests).toHaveLength(0)
  expect(word((await ask(client([], { insecure: [server.host] }), resolve(server))).outcome)).toBe(digest)
})

test('T47 T86 a redirect does not lead from TLS to plain HTTP, and over TLS it leads to listed private hosts only', async () => {
  const identity = tlsIdentity()
  const [a, plain, safe] = [await registry({ tls: identity }), await registry(), await registry({ tls: identity })]
  const layer = safe.addBlob('team/app', 'payload')
  plain.addBlob('team/app', 'payload')
  const run = async (to: string, hosts: readonly string[]) => {
    a.setFault((request, response) => {
      response.writeHead(307, { location: `${to}${request.url}` }).end()
      return true
    })
    return word((await ask(client([], { insecure: hosts, authorities: [identity.ca] }), blob(a, layer))).outcome)
  }
  const own = `https://${a.host}`
  expect(await run(plain.origin, [own])).toBe('registry.insecure-refused')
  expect(await run(plain.origin, [own, `https://${plain.host}`])).toBe('registry.insecure-refused')
  expect(await run(safe.origin, [own])).toBe('registry.address-refused')
  expect(plain.requests.length + safe.requests.length).toBe(0)
  expect(await run(safe.origin, [own, safe.origin])).toBe(layer)
})
