import { describe, expect, onTestFinished, test } from 'vitest'
import { digestOf } from '../../../src/core/digest.ts'
import { hasDockerRegistry, startDockerRegistry } from '../../registry/docker-registry.ts'
import { ask, blob, client, image, manifest, referrers, resolve, tag, word } from './setup.ts'

async function push(host: string, ref: string, document: object, type: string): Promise<string> {
  const body = JSON.stringify(document)
  const { status } = await fetch(`http://${host}/v2/team/app/manifests/${ref}`, {
    method: 'PUT',
    headers: { 'content-type': type },
    body,
  })
  expect(status).toBe(201)
  return digestOf(body)
}

async function pushBlob(host: string, text: string): Promise<string> {
  const opened = await fetch(`http://${host}/v2/team/app/blobs/uploads/`, { method: 'POST' })
  const location = new URL(opened.headers.get('location') ?? '', `http://${host}`)
  location.searchParams.set('digest', digestOf(text))
  expect(
    (await fetch(location, { method: 'PUT', body: text, headers: { 'content-type': 'application/octet-stream' } }))
      .status,
  ).toBe(201)
  return digestOf(text)
}

describe.skipIf(!hasDockerRegistry)('docker-registry', () => {
  test('every question, against a registry that we did not write and that has no referrers API', async () => {
    const { host, stop } = await startDockerRegistry()
    onTestFinished(stop)
    const config = await pushBlob(host, '{}')
    const document = image({
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: 2 },
    })
    const type = 'application/vnd.oci.image.manifest.v1+json'
    const digest = await push(host, '1', document, type)
    const sig = await push(
      host,
      `${digest.replace(':', '-')}.sig`,
      { ...document, annotations: { a: 'signature' } },
      type,
    )
    const referrer = await push(
      host,
      digestOf(JSON.stringify({ ...document, annotations: { b: 'bundle' } })),
      { ...document, annotations: { b: 'bundle' } },
      type,
    )
    const one = client([host])
    expect(word((await ask(one, resolve(host))).outcome)).toBe(digest)
    expect(word((await ask(one, resolve(host))).outcome)).toBe(digest) // by HEAD
    expect(word((await ask(one, manifest(host, digest))).outcome)).toBe(digest)
    expect(word((await ask(one, blob(host, config))).outcome)).toBe(config)
    expect(word((await ask(one, tag(host, `${digest.replace(':', '-')}.sig`))).outcome)).toBe(sig)
    for (const none of [
      referrers(host, digest),
      resolve(host, ':none'),
      resolve(host, ':1', 'no/such'),
      manifest(host, digestOf('x')),
      blob(host, digestOf('x')),
      tag(host, 'none'),
    ])
      expect(word((await ask(one, none)).outcome), none.ask).toBe('absent')

    const list = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ mediaType: type, digest: referrer, size: 1 }],
    }
    const index = await push(host, digest.replace(':', '-'), list, list.mediaType)
    expect(word((await ask(client([host]), referrers(host, digest))).outcome)).toBe(index)
  })
})
