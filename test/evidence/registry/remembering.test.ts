import { expect, test } from 'vitest'
import type { Lookups } from '../../../src/core/lookups.ts'
import type { EvidenceStore, Question } from '../../../src/core/observation.ts'
import { memoryLookups } from '../../../src/evidence/lookups.ts'
import { memoryStore } from '../../../src/evidence/store/memory.ts'
import type { TestRegistry } from '../../registry/registry.ts'
import { reply } from '../../registry/registry.ts'
import { ask, blob, client, image, limits, manifest, referrers, registry, resolve, tag, word } from './setup.ts'

const t0 = Date.UTC(2026, 10, 25, 12)

/** What one verification asks, by tag or by digest. */
async function verification(
  server: TestRegistry,
  ref: string,
  digest: string,
  layer: string,
  shared: { store: EvidenceStore; lookups: Lookups; now: () => number },
): Promise<string[]> {
  const one = client([server], shared) // a new process: nothing but what is shared
  const sig = digest.replace(':', '-')
  const questions: Question[] = [
    resolve(server, ref),
    manifest(server, digest),
    tag(server, `${sig}.sig`),
    tag(server, `${sig}.att`),
    referrers(server, digest),
    blob(server, layer),
  ]
  const words: string[] = []
  for (const question of questions) words.push(word((await ask(one, question)).outcome))
  return words
}

async function scene() {
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  const layer = server.addBlob('team/app', 'payload')
  server.addManifest('team/app', `${digest.replace(':', '-')}.sig`, image({ annotations: { a: 'signature' } }))
  server.addManifest('team/app', undefined, image({ subject: { mediaType: 'x', digest, size: 1 } }))
  return { server, digest, layer, shared: { store: memoryStore(), lookups: memoryLookups(), now: () => t0 } }
}

test('a second process asks nothing by digest, and exactly one HEAD by tag', async () => {
  const { server, digest, layer, shared } = await scene()
  const first = await verification(server, ':1', digest, layer, shared)
  server.requests.length = 0
  expect(await verification(server, ':1', digest, layer, shared)).toEqual(first)
  expect(server.lines()).toEqual(['HEAD /v2/team/app/manifests/1'])

  await verification(server, `@${digest}`, digest, layer, shared)
  server.requests.length = 0
  expect(await verification(server, `@${digest}`, digest, layer, shared)).toEqual(first)
  expect(server.requests).toHaveLength(0)
})

test('what comes from the cache says so, with its time', async () => {
  const { server, digest, layer, shared } = await scene()
  await verification(server, ':1', digest, layer, shared)
  const later = client([server], { ...shared, now: () => t0 + 60_000 })
  const { beside } = await ask(later, referrers(server, digest))
  expect(beside).toEqual({ from: 'cache of 2026-11-25T12:00:00.000Z', at: t0 })
})

test('T26 T27 a tag that moved is seen: the header differs, so the bytes are asked for', async () => {
  const { server, digest, layer, shared } = await scene()
  await verification(server, ':1', digest, layer, shared)
  const moved = server.addManifest('team/app', '1', image({ annotations: { moved: 'yes' } }))
  server.requests.length = 0
  expect(word((await ask(client([server], shared), resolve(server))).outcome)).toBe(moved)
  expect(server.lines()).toEqual(['HEAD /v2/team/app/manifests/1', 'GET /v2/team/app/manifests/1'])
})

test('F-007 a HEAD without the header, without the method, or of a registry that forgot the tag, is followed by a GET', async () => {
  for (const status of [200, 403, 404, 405]) {
    const { server, digest, layer, shared } = await scene()
    await verification(server, ':1', digest, layer, shared)
    server.setFault((request, response) => (request.method === 'HEAD' ? reply(response, status) : false))
    expect(word((await ask(client([server], shared), resolve(server))).outcome)).toBe(digest)
  }
})

test('look-ups are asked again when they are old: absence after a minute, presence after ten', async () => {
  const { server, digest, layer, shared } = await scene()
  await verification(server, ':1', digest, layer, shared)
  const asked = async (age: number, question: Question) => {
    server.requests.length = 0
    await ask(
      client([server], {
        ...shared,
        lookups: { recall: shared.lookups.recall, remember: () => Promise.resolve() },
        now: () => t0 + age,
      }),
      question,
    )
    return server.requests.length
  }
  const sig = digest.replace(':', '-')
  expect(await asked(limits.rememberAbsentMs, tag(server, `${sig}.att`))).toBe(0)
  expect(await asked(limits.rememberAbsentMs + 1, tag(server, `${sig}.att`))).toBe(1)
  for (const question of [tag(server, `${sig}.sig`), referrers(server, digest)]) {
    expect(await asked(limits.rememberFoundMs, question)).toBe(0)
    expect(await asked(limits.rememberFoundMs + 1, question)).toBe(1)
    expect(await asked(-1, question)).toBe(1) // said in the future: a clock was wrong
  }
})

test('T87 a refusal or a fault is never remembered', async () => {
  const { server, digest, shared } = await scene()
  for (const status of [401, 403, 500]) {
    const question = tag(server, `${digest.replace(':', '-')}.sig`)
    const fresh = { ...shared, lookups: memoryLookups() }
    server.setFault((_, response) => reply(response, status))
    expect(word((await ask(client([server], fresh), question)).outcome)).toMatch(/^registry\./)
    server.setFault(undefined)
    expect(word((await ask(client([server], fresh), question)).outcome)).toMatch(/^sha256:/)
  }
})

test('an answer whose bytes are gone is asked again', async () => {
  const { server, digest, layer, shared } = await scene()
  await verification(server, ':1', digest, layer, shared)
  server.requests.length = 0
  const emptied = { ...shared, store: memoryStore() }
  await verification(server, ':1', digest, layer, emptied)
  expect(server.lines()).toContain('GET /v2/team/app/manifests/1')
  expect(server.lines()).not.toContain('HEAD /v2/team/app/manifests/1')
})

test('the same name at another place is another look-up, and mirrors end on a segment border', async () => {
  const [origin, mirror] = [await registry(), await registry()]
  const digest = origin.addManifest('team/app', '1', image())
  const copied = mirror.addManifest('proxy/team/app', '1', image({ annotations: { copied: 'yes' } }))
  const shared = { store: memoryStore(), lookups: memoryLookups(), now: () => t0 }
  expect(word((await ask(client([origin, mirror], shared), resolve(origin))).outcome)).toBe(digest)
  const mirrors = new Map([[`${origin.host}/team`, `${mirror.host}/proxy/team`]])
  const { outcome, beside } = await ask(client([origin, mirror], { ...shared, mirrors }), resolve(origin))
  expect(word(outcome)).toBe(copied)
  expect(beside.from).toBe(mirror.host)
  expect(
    word((await ask(client([origin, mirror], { ...shared, mirrors }), resolve(origin, ':1', 'teams/app'))).outcome),
  ).toBe('absent')
  expect(mirror.requests).toHaveLength(1)
})
