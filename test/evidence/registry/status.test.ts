import { expect, test } from 'vitest'
import { digestOf } from '../../../src/core/digest.ts'
import { reply } from '../../registry/registry.ts'
import { ask, blob, client, image, manifest, referrers, registry, resolve, tag, word } from './setup.ts'

const none = digestOf('nothing')
const sig = `${none.replace(':', '-')}.sig`

test('T87 which status means what, for each question', async () => {
  const server = await registry()
  const meaning: Readonly<Record<number, string>> = {
    301: 'registry.malformed',
    400: 'registry.failed',
    401: 'registry.unauthorized',
    403: 'registry.denied',
    404: 'absent',
    410: 'registry.failed',
    418: 'registry.failed',
    429: 'registry.rate-limited',
    500: 'registry.failed',
    503: 'registry.failed',
  }
  for (const [status, expected] of Object.entries(meaning)) {
    server.setFault((_, response) =>
      reply(response, Number(status), { 'content-type': 'text/html' }, `<html>${'x'.repeat(100_000)}</html>`),
    )
    for (const question of [
      resolve(server),
      manifest(server, none),
      tag(server, sig),
      blob(server, none),
      referrers(server, none),
    ])
      expect(word((await ask(client([server]), question)).outcome), `${question.ask} ${status}`).toBe(expected)
  }
})

test('T87 F-001 a registry that says 403 for a tag that is not there: could not be told, and the path is named', async () => {
  const server = await registry({ referrers: 'fallback' })
  const digest = server.addManifest('team/app', '1', image())
  const name = digest.replace(':', '-')
  const run = async (status: number) => {
    server.setFault((request, response) =>
      request.url?.includes('/manifests/sha256-') === true ? reply(response, status) : false,
    )
    return Promise.all(
      [tag(server, `${name}.sig`), referrers(server, digest)].map((question) => ask(client([server]), question)),
    )
  }
  const [denied, fallback] = await run(403)
  expect(denied && word(denied.outcome)).toBe('registry.denied')
  expect(denied?.beside.detail?.['found']).toBe(`${server.host}/v2/team/app/manifests/${name}.sig`)
  expect(fallback && word(fallback.outcome)).toBe('registry.denied')
  for (const { outcome } of await run(404)) expect(word(outcome)).toBe('absent')
})

test('T87 an empty list of referrers is absence, in each spelling; a page that vanishes is not', async () => {
  const server = await registry()
  for (const body of ['{"schemaVersion":2,"manifests":[]}', '{"schemaVersion":2,"manifests":null}']) {
    server.setFault((_, response) => reply(response, 200, {}, body))
    expect(word((await ask(client([server]), referrers(server, none))).outcome)).toBe('absent')
  }
  const first = `{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"${none}","size":1}]}`
  server.setFault((request, response) =>
    request.url?.includes('page=2') === true || request.url?.includes('sha256-') === true
      ? reply(response, 404)
      : reply(response, 200, { link: `</v2/team/app/referrers/${none}?page=2>; rel="next"` }, first),
  )
  expect(word((await ask(client([server]), referrers(server, none))).outcome)).toBe('registry.failed')
})

test('T87 a registry without the referrers API is asked for the fallback tag, however it says so', async () => {
  for (const status of [404, 405, 406, 501]) {
    const server = await registry({ referrers: 'fallback' })
    const digest = server.addManifest('team/app', '1', image())
    server.setFault((request, response) =>
      request.url?.includes('/referrers/') === true ? reply(response, status) : false,
    )
    // Without the tag only a 404 is final; the others may hide a list.
    expect(word((await ask(client([server]), referrers(server, digest))).outcome)).toBe(
      status === 404 ? 'absent' : 'registry.failed',
    )
    server.addManifest('team/app', undefined, image({ subject: { mediaType: 'x', digest, size: 1 } }))
    expect(word((await ask(client([server]), referrers(server, digest))).outcome)).toMatch(/^sha256:/)
  }
})

test('T88 an answer at a derived tag that is the image itself is no answer', async () => {
  const server = await registry({ referrers: 'fallback' })
  const digest = server.addManifest('team/app', '1', image())
  const name = digest.replace(':', '-')
  const questions = [tag(server, `${name}.sig`), tag(server, `${name}.att`), referrers(server, digest)]
  for (const ref of [`${name}.sig`, `${name}.att`, name]) server.addManifest('team/app', ref, image())
  for (const question of questions) {
    const { outcome, beside } = await ask(client([server]), question)
    expect(word(outcome)).toBe('absent')
    expect(beside.detail).toEqual({ note: 'signature.subject-foreign', found: digest })
  }
  for (const ref of [`${name}.sig`, `${name}.att`])
    server.addManifest('team/app', ref, image({ annotations: { signature: 'yes' } }))
  server.addManifest('team/app', undefined, image({ subject: { mediaType: 'x', digest, size: 1 } }))
  for (const question of questions) expect(word((await ask(client([server]), question)).outcome)).toMatch(/^sha256:/)
})

test('T88 an image at the fallback tag is no list', async () => {
  const server = await registry({ referrers: 'fallback' })
  const digest = server.addManifest('team/app', '1', image())
  server.addManifest('team/app', digest.replace(':', '-'), image({ annotations: { other: 'image' } }))
  expect(word((await ask(client([server]), referrers(server, digest))).outcome)).toBe('registry.malformed')
})
