import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { digestOf } from '../../../src/core/digest.ts'
import { ask, blob, client, image, manifest, referrers, resolve, tag, word } from './setup.ts'

const installed = spawnSync('docker-registry', ['--version']).status === 0
if (!installed) console.warn('docker-registry tests skipped: it is not installed (apt install docker-registry)')

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return port
}

async function start(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'docker-registry-'))
  const host = `127.0.0.1:${await freePort()}`
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: folder } },
    http: { addr: host },
  }
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config)) // JSON is YAML
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' })
  onTestFinished(async () => {
    child.kill()
    await rm(folder, { recursive: true, force: true })
  })
  await expect
    .poll(
      () =>
        fetch(`http://${host}/v2/`)
          .then(({ status }) => status)
          .catch(() => 0),
      { timeout: 20_000 },
    )
    .toBe(200)
  return host
}

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

describe.skipIf(!installed)('docker-registry', () => {
  test('every question, against a registry that we did not write and that has no referrers API', async () => {
    const host = await start()
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
