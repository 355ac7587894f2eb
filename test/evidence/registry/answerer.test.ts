import { expect, test } from 'vitest'
import { digestOf } from '../../../src/core/digest.ts'
import { memoryStore } from '../../../src/evidence/store/memory.ts'
import { ask, blob, client, image, manifest, referrers, registry, resolve, tag, word } from './setup.ts'

test('each question is answered with the digest of the bytes received, and the bytes are kept', async () => {
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  const layer = server.addBlob('team/app', 'payload')
  const signature = server.addManifest(
    'team/app',
    `${digest.replace(':', '-')}.sig`,
    image({ annotations: { a: 'signature' } }),
  )
  server.addManifest(
    'team/app',
    undefined,
    image({ subject: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 } }),
  )
  const store = memoryStore()
  const one = client([server], { store })

  const found = async (question: Parameters<typeof ask>[1]) => {
    const { outcome, beside } = await ask(one, question)
    expect(beside.from).toMatch(/^(127\.0\.0\.1:\d+|cache)$/)
    if (!('found' in outcome)) throw new Error(word(outcome))
    expect(digestOf((await store.get(outcome.found)) ?? '')).toBe(outcome.found)
    return outcome
  }
  expect(await found(resolve(server))).toEqual({
    found: digest,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
  })
  expect((await found(manifest(server, digest))).found).toBe(digest)
  expect((await found(blob(server, layer))).found).toBe(layer)
  expect((await found(tag(server, `${digest.replace(':', '-')}.sig`))).found).toBe(signature)
  expect((await found(referrers(server, digest))).mediaType).toBe('application/vnd.oci.image.index.v1+json')
})

test('what is not there is absent, for each question', async () => {
  const server = await registry()
  const none = digestOf('nothing')
  const one = client([server])
  for (const question of [
    resolve(server),
    resolve(server, `@${none}`),
    manifest(server, none),
    blob(server, none),
    tag(server, 'sha256-x.sig'),
    referrers(server, none),
  ])
    expect(word((await ask(one, question)).outcome), question.ask).toBe('absent')
})

test('referrers: the fallback tag is asked where the API is not spoken', async () => {
  const server = await registry({ referrers: 'fallback' })
  const digest = server.addManifest('team/app', '1', image())
  server.addManifest(
    'team/app',
    undefined,
    image({ subject: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 } }),
  )
  const { outcome } = await ask(client([server]), referrers(server, digest))
  expect(outcome).toHaveProperty('found')
  expect(server.lines()).toEqual([
    `GET /v2/team/app/referrers/${digest}`,
    `GET /v2/team/app/manifests/${digest.replace(':', '-')}`,
  ])
})

test('referrers: pages are joined into one document', async () => {
  const server = await registry({ pageSize: 2 })
  const digest = server.addManifest('team/app', '1', image())
  for (let n = 0; n < 5; n++)
    server.addManifest(
      'team/app',
      undefined,
      image({ subject: { mediaType: 'x', digest, size: 1 }, annotations: { n: String(n) } }),
    )
  const store = memoryStore()
  const { outcome } = await ask(client([server], { store }), referrers(server, digest))
  const bytes = 'found' in outcome ? await store.get(outcome.found) : undefined
  expect((JSON.parse(Buffer.from(bytes ?? []).toString()) as { manifests: unknown[] }).manifests).toHaveLength(5)
  expect(server.requests).toHaveLength(3)
})
