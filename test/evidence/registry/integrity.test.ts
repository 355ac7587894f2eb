import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { digestOf } from '../../../src/core/digest.ts'
import { memoryStore } from '../../../src/evidence/store/memory.ts'
import { type Fault, reply, send } from '../../registry/registry.ts'
import { ask, blob, client, image, manifest, quick, referrers, registry, resolve, tag, word } from './setup.ts'

const other = Buffer.from(JSON.stringify(image({ annotations: { other: 'yes' } })))

test('T26 a tag that moves after the first answer changes nothing: what was resolved is what is read', async () => {
  const server = await registry()
  const first = server.addManifest('team/app', '1', image())
  const one = client([server])
  expect(word((await ask(one, resolve(server))).outcome)).toBe(first)
  server.addManifest('team/app', '1', other)
  expect(word((await ask(one, manifest(server, first))).outcome)).toBe(first)
  expect(server.lines()).toEqual(['GET /v2/team/app/manifests/1']) // one question of the tag, no HEAD before it
})

test('T28 a body under the right header is held against the digest asked, for manifests and blobs', async () => {
  const server = await registry()
  const good = server.addManifest('team/app', '1', image())
  const layer = server.addBlob('team/app', 'payload')
  const lie: Fault = (request, response) => {
    send(request, response, other, { 'docker-content-digest': request.url?.split('/').at(-1) ?? '' })
    return true
  }
  for (const question of [manifest(server, good), blob(server, layer), resolve(server, `:1@${good}`)]) {
    const store = memoryStore()
    server.setFault(lie)
    const { outcome, beside } = await ask(client([server], { store }), question)
    expect(word(outcome)).toBe('registry.digest-mismatch')
    expect(beside.detail?.['found']).toBe(digestOf(other))
    expect(await store.get(digestOf(other))).toBeUndefined()
    server.setFault(undefined)
    expect(word((await ask(client([server], { store }), question)).outcome)).toMatch(/^sha256:/)
  }
})

test('T28 F-007 a tag is named by its bytes: a wrong digest header, or none, changes nothing', async () => {
  for (const header of [undefined, digestOf('something else')]) {
    const server = await registry({ digestHeader: false })
    const digest = server.addManifest('team/app', '1', image())
    if (header !== undefined)
      server.setFault((_, response) => {
        response.setHeader('docker-content-digest', header)
        return false
      })
    expect(word((await ask(client([server]), resolve(server))).outcome)).toBe(digest)
  }
})

test('T28 a body shorter or longer than announced gives nothing', async () => {
  const server = await registry()
  const layer = server.addBlob('team/app', 'payload')
  const table = [
    ['payloa'.length, 'registry.digest-mismatch'],
    ['payload-and-more'.length, 'registry.unreachable'],
  ] as const
  for (const [announced, expected] of table) {
    server.setFault((request, response) => {
      request.socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${announced}\r\n\r\npayload`)
      response.destroy()
      return true
    })
    expect(word((await ask(client([server]), blob(server, layer))).outcome)).toBe(expected)
  }
  server.setFault(undefined)
  expect(word((await ask(client([server]), blob(server, layer))).outcome)).toBe(layer)
})

test('T37 more referrers than the limit, on one page or on endless pages, is a limit and not a list', async () => {
  const subject = digestOf('subject')
  const descriptor = (n: number) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(String(n)),
    size: 1,
  })
  const page = (count: number) =>
    JSON.stringify({ schemaVersion: 2, manifests: Array.from({ length: count }, (_, n) => descriptor(n)) })
  const server = await registry()
  const type = { 'content-type': 'application/vnd.oci.image.index.v1+json' }
  const run = async (fault: Fault) => {
    server.setFault(fault)
    return word((await ask(client([server]), referrers(server, subject))).outcome)
  }
  expect(await run((_, response) => reply(response, 200, type, page(10_000)))).toBe('limit.referrers')
  const dense = `{"schemaVersion":2,"manifests":[${'1,'.repeat(2_000_000)}1]}`
  expect(await run((_, response) => reply(response, 200, type, dense))).toBe('limit.referrers')
  expect(await run((_, response) => reply(response, 200, type, page(quick.referrers)))).toMatch(/^sha256:/)

  server.requests.length = 0
  const endless: Fault = (_, response) =>
    reply(response, 200, { ...type, link: `</v2/team/app/referrers/${subject}?n=1>; rel="next"` }, page(1))
  expect(await run(endless)).toBe('limit.referrers')
  expect(server.requests).toHaveLength(quick.referrerPages)
})

test('T38 a body that never ends, is announced too large, or swells when unpacked, is cut at the limit', async () => {
  const server = await registry()
  const layer = server.addBlob('team/app', 'payload')
  const endless: Fault = (_, response) => {
    const chunk = Buffer.alloc(64 * 1024)
    const pour = (): void => {
      while (response.write(chunk));
    }
    response.on('drain', pour)
    pour()
    return true
  }
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
  const faults: readonly Fault[] = [
    endless,
    (_, response) => reply(response, 200, { 'content-encoding': 'gzip' }, bomb),
    (_, response) => {
      response.writeHead(200, { 'content-length': 1e12 })
      response.write('x')
      return true
    },
  ]
  for (const fault of faults) {
    server.setFault(fault)
    expect(word((await ask(client([server]), blob(server, layer, 4096))).outcome)).toBe('registry.too-large')
    expect(
      word((await ask(client([server], { limits: { ...quick, manifestBytes: 4096 } }), resolve(server))).outcome),
    ).toBe('registry.too-large')
  }
  server.setFault((_, response) => reply(response, 200, { 'content-encoding': 'gzip' }, gzipSync('payload')))
  expect(word((await ask(client([server]), blob(server, layer, 4096))).outcome)).toBe(layer)
})

test('T41 a digest that is none never becomes a path or a file', async () => {
  const server = await registry()
  const hex = 'a'.repeat(64)
  for (const bad of [
    'sha256:../../x',
    `sha256:${hex.toUpperCase()}`,
    `sha256:${hex.slice(1)}`,
    `sha256:${hex}a`,
    hex,
    `sha512:${hex}`,
  ])
    for (const question of [
      manifest(server, bad),
      blob(server, bad),
      referrers(server, bad),
      tag(server, `${bad}/../x`),
    ])
      expect(word((await ask(client([server]), question)).outcome), bad).toBe('reference.malformed')
  expect(server.requests).toHaveLength(0)
})

test('T89 F-008 a schema 1 manifest is not spoken, which is not an alarm about its digest', async () => {
  const server = await registry()
  const old = JSON.stringify({ schemaVersion: 1, name: 'team/app', fsLayers: [], history: [], signatures: [] })
  const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws'
  server.addManifest('team/app', '1', old, type)
  server.setFault((_, response) => {
    response.setHeader('docker-content-digest', digestOf('the payload without its signatures'))
    return false
  })
  expect(word((await ask(client([server]), resolve(server))).outcome)).toBe('registry.media-type-unsupported')
  server.setFault((request, response) => {
    send(request, response, Buffer.from(old), { 'content-type': type })
    return true
  })
  expect(word((await ask(client([server]), manifest(server, digestOf('payload')))).outcome)).toBe(
    'registry.media-type-unsupported',
  )
})

test('a page for people, an empty body, a document that is index and image at once: not readable', async () => {
  const server = await registry()
  const both = JSON.stringify({ schemaVersion: 2, manifests: [], layers: [], config: {} })
  for (const body of ['<html>sign in</html>', '', '[]', 'null', '{"schemaVersion":2}', both]) {
    server.setFault((_, response) => reply(response, 200, {}, body))
    expect(word((await ask(client([server]), resolve(server))).outcome), body).toBe('registry.malformed')
    if (body !== '[]')
      expect(word((await ask(client([server]), referrers(server, digestOf('x')))).outcome), body).toMatch(
        /^(registry\.malformed|sha256:.*|absent)$/,
      )
  }
})
