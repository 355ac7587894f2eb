import { expect, test } from 'vitest'
import { digestOf } from '../../../src/core/digest.ts'
import type { Question } from '../../../src/core/observation.ts'
import { reply, type TestRegistry } from '../../registry/registry.ts'
import { ask, blob, client, image, manifest, referrers, registry, resolve, tag, word } from './setup.ts'

const credentials = {
  for: () => Promise.resolve({ kind: 'password', username: 'robot', password: 'secret-of-a' } as const),
}

/** a asks for a login and sends everything but `/token` to b. */
async function pair(): Promise<{ a: TestRegistry; b: TestRegistry; digest: string; layer: string }> {
  const [a, b] = [await registry(), await registry()]
  const digest = b.addManifest('team/app', '1', image())
  b.addManifest('team/app', `${digest.replace(':', '-')}.sig`, image({ annotations: { a: 'b' } }))
  b.addManifest('team/app', undefined, image({ subject: { mediaType: 'x', digest, size: 1 } }))
  const layer = b.addBlob('team/app', 'payload')
  a.setFault((request, response) =>
    request.headers.authorization === undefined
      ? reply(response, 401, { 'www-authenticate': 'Basic realm="a"' })
      : reply(response, 307, { location: `${b.origin}${request.url}` }),
  )
  return { a, b, digest, layer }
}

test('T86 what a digest guards may come from a listed host; what nothing guards never leaves its own', async () => {
  const { a, b, digest, layer } = await pair()
  const run = (question: Question) => ask(client([a], { insecure: [b.host], credentials }), question)
  for (const question of [blob(a, layer), manifest(a, digest), resolve(a, `@${digest}`)]) {
    const { outcome, beside } = await run(question)
    expect(word(outcome)).toMatch(/^sha256:/)
    expect(beside.from).toBe(b.host)
  }
  b.requests.length = 0
  for (const question of [resolve(a), tag(a, `${digest.replace(':', '-')}.sig`), referrers(a, digest)])
    expect(word((await run(question)).outcome), question.ask).toBe('registry.redirect-refused')
  expect(b.requests).toHaveLength(0)
})

test('T86 a host that is neither public nor listed is not reached by a redirect, even where a person typed it', async () => {
  const { a, b, layer } = await pair()
  expect(word((await ask(client([a, b], { credentials }), blob(a, layer))).outcome)).toBe('registry.insecure-refused')
  a.setFault((request, response) => reply(response, 307, { location: `https://${b.host}${request.url}` }))
  expect(word((await ask(client([a, b]), blob(a, layer))).outcome)).toBe('registry.address-refused') // T42
  expect(b.requests).toHaveLength(0)
})

test('T86 a 404 behind a redirect is not absence', async () => {
  const { a, b } = await pair()
  const none = digestOf('nothing')
  expect(word((await ask(client([a], { insecure: [b.host], credentials }), blob(a, none))).outcome)).toBe(
    'registry.failed',
  )
  a.setFault(undefined)
  expect(word((await ask(client([a]), blob(a, none))).outcome)).toBe('absent')
})

test('T86 at most three hops, and a login or fragment in the address is nobody’s', async () => {
  const a = await registry()
  const layer = a.addBlob('team/app', 'payload')
  const hops = (count: number) =>
    a.setFault((request, response) => {
      const seen = Number(new URL(request.url ?? '', a.origin).searchParams.get('hop') ?? 0)
      return seen < count
        ? reply(response, 302, { location: `http://user:pass@${a.host}/v2/team/app/blobs/${layer}?hop=${seen + 1}#x` })
        : false
    })
  hops(3)
  expect(word((await ask(client([a]), blob(a, layer))).outcome)).toBe(layer)
  expect(a.requests.some(({ auth }) => auth !== undefined)).toBe(false)
  hops(4)
  expect(word((await ask(client([a]), blob(a, layer))).outcome)).toBe('registry.redirect-refused')
})

test('T44 no credential follows to another origin; the registry itself gets it', async () => {
  const { a, b, layer } = await pair()
  expect(word((await ask(client([a], { insecure: [b.host], credentials }), blob(a, layer))).outcome)).toBe(layer)
  expect(a.requests.map(({ auth }) => auth !== undefined)).toEqual([false, true])
  const [seen] = b.requests
  expect(seen?.headers).not.toHaveProperty('authorization')
  expect(seen?.headers).not.toHaveProperty('cookie')
  expect(JSON.stringify(b.requests)).not.toContain('secret-of-a')
})

test('T86 F-004 a list sent to a page for people: the page is not asked, the fallback tag is', async () => {
  const [a, b] = [await registry({ referrers: 'fallback' }), await registry()]
  const digest = a.addManifest('team/app', '1', image())
  b.setFault((_, response) => reply(response, 429, { 'retry-after': '3600' }))
  a.setFault((request, response) =>
    request.url?.includes('/referrers/') === true ? reply(response, 303, { location: `${b.origin}/page` }) : false,
  )
  const one = client([a], { insecure: [b.host] })
  expect(word((await ask(one, referrers(a, digest))).outcome)).toBe('registry.redirect-refused')
  expect(word((await ask(one, resolve(a))).outcome)).toBe(digest) // no budget was touched
  a.addManifest('team/app', undefined, image({ subject: { mediaType: 'x', digest, size: 1 } }))
  expect(word((await ask(one, referrers(a, digest))).outcome)).toMatch(/^sha256:/)
  expect(b.requests).toHaveLength(0)
})

test('T86 a next page of a list that lies elsewhere is refused', async () => {
  const [a, b] = [await registry(), await registry()]
  const digest = digestOf('x')
  const body = `{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"${digest}","size":1}]}`
  for (const [next, expected] of [
    [`${b.origin}/v2/team/app/referrers/${digest}?n=2`, 'registry.redirect-refused'],
    [`/v2/other/app/referrers/${digest}?n=2`, 'registry.redirect-refused'],
    [`/v2/team/app/referrers/${digest}?n=2`, 'limit.referrers'],
  ] as const) {
    a.setFault((_, response) => reply(response, 200, { link: `<${next}>; rel="next"` }, body))
    expect(word((await ask(client([a], { insecure: [b.host] }), referrers(a, digest))).outcome), next).toBe(expected)
  }
  expect(b.requests).toHaveLength(0)
})
