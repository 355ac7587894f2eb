import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { registryEnvironment } from '../../../src/evidence/registry/environment.ts'
import { tlsIdentity } from '../../registry/certificates.ts'
import { ask, client, image, registry, resolve, word } from './setup.ts'

async function folder(files: Record<string, string>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'env-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  await mkdir(join(path, '.docker'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return path
}
const config = JSON.stringify({ auths: { 'a.example': { auth: Buffer.from('u:p').toString('base64') } } })
const signal = AbortSignal.timeout(10_000)

test('T104 credentials: DOCKER_CONFIG, else the home, else nobody', async () => {
  const path = await folder({ '.docker/config.json': config, 'broken.json': '{' })
  const held = async (env: Record<string, string>) =>
    (await registryEnvironment(env)).credentials.for('a.example', 'x', signal)
  const user = { kind: 'password', username: 'u', password: 'p' }
  expect(await held({ HOME: path })).toEqual(user)
  expect(await held({ DOCKER_CONFIG: join(path, '.docker') })).toEqual(user)
  for (const env of [{}, { HOME: '' }, { HOME: '/nonexistent' }, { HOME: path, DOCKER_CONFIG: '/nonexistent' }])
    expect(await held(env as Record<string, string>)).toBeUndefined()
  const unreadable = await folder({})
  await mkdir(join(unreadable, '.docker', 'config.json'))
  expect(await held({ HOME: unreadable })).toBeUndefined()
})

test('T104 CAs: SSL_CERT_FILE beside Node’s own and one that leads nowhere is ignored; MESHPROOF_REGISTRY_CA must be there', async () => {
  const identity = tlsIdentity()
  const path = await folder({
    'ca.pem': identity.ca,
    'junk.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  })
  const server = await registry({ tls: identity })
  const digest = server.addManifest('team/app', '1', image())
  const run = async (env: Record<string, string>) =>
    word(
      (
        await ask(
          client([], await registryEnvironment({ ...env, MESHPROOF_REGISTRY_INSECURE: `x, ${server.origin}` })),
          resolve(server),
        )
      ).outcome,
    )
  expect(await run({ SSL_CERT_FILE: join(path, 'ca.pem') })).toBe(digest)
  expect(await run({ MESHPROOF_REGISTRY_CA: join(path, 'ca.pem') })).toBe(digest)
  for (const file of ['/nonexistent', join(path, 'junk.pem'), path]) {
    expect(await run({ SSL_CERT_FILE: file })).toBe('registry.tls-failed')
    await expect(run({ MESHPROOF_REGISTRY_CA: file })).rejects.toMatchObject({ code: 'config.malformed' })
  }
})

test('T72 T104 a hostile environment lowers nothing: proxies for this machine are not used, TLS is still checked', async () => {
  const server = await registry()
  const digest = server.addManifest('team/app', '1', image())
  const hostile = {
    HTTP_PROXY: 'http://127.0.0.1:1',
    https_proxy: 'http://127.0.0.1:1',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NO_PROXY: ',,/,:',
    HOME: '\0',
  }
  expect(word((await ask(client([server], await registryEnvironment(hostile)), resolve(server))).outcome)).toBe(digest)
})
