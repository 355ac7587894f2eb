/** The whole way over HTTP: a signed image in a registry that we did not write, asked for by a program with a token. */
import { type ChildProcess, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cosignTag, signatureManifest, simpleSigning } from '../authority/cosign-legacy.ts'
import { layout } from '../authority/oci.ts'
import { meshproof, scratch, start } from '../cli/process.ts'
import { authority, key, policyWith, smallImage, stranger } from '../cli/scene.ts'
import { hasDockerRegistry, startDockerRegistry } from '../registry/docker-registry.ts'
import { pushLayout } from '../registry/push-layout.ts'
import { preparedFolder } from '../store/prepared.ts'

const room = scratch()

/** Pushes an image and a signature of it by `signer`. */
async function push(host: string, path: string, signer: typeof key): Promise<string> {
  const { index } = smallImage(path)
  const place = `registry.example/${path}`
  const signature = simpleSigning(authority, { digest: index.digest, signer, log: false, reference: place })
  const folder = join(room.path, path.replaceAll('/', '-'))
  layout(folder, [
    { artifact: index, reference: `${place}:1.0.0` },
    { artifact: signatureManifest([signature]), reference: `${place}:${cosignTag(index.digest)}` },
  ])
  await pushLayout(host, folder)
  return `${host}/${path}:1.0.0`
}

describe.skipIf(!hasDockerRegistry)('docker-registry and the service', () => {
  let registry: Awaited<ReturnType<typeof startDockerRegistry>>
  let service: ChildProcess
  let origin = ''
  let token = ''

  beforeAll(async () => {
    registry = await startDockerRegistry()
    const env = {
      MESHPROOF_DATA: (await preparedFolder()).folder,
      MESHPROOF_PORT: '0',
      MESHPROOF_REGISTRY_ALLOWED: registry.host,
      MESHPROOF_REGISTRY_INSECURE: registry.host,
    }
    service = start(['serve'], { env })
    origin = await new Promise<string>((listening, failed) => {
      service.once('exit', () => failed(new Error('the service ended')))
      if (service.stdout !== null)
        createInterface(service.stdout).on('line', (line) => {
          const [, address] = /listens on (\S+)/.exec(line) ?? []
          if (address !== undefined) listening(address)
        })
    })
    let made = await meshproof(['token', 'create', 'e2e'], { env })
    while (made.stderr.includes('data.in-use')) made = await meshproof(['token', 'create', 'e2e'], { env })
    token = made.stdout.trim()
  }, 180_000)
  afterAll(async () => {
    service.kill('SIGKILL')
    await registry.stop()
    room.remove()
  })

  const verify = async (image: string) => {
    const asked = await fetch(`${origin}/api/v1/verifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', prefer: 'wait=55' },
      body: JSON.stringify({ subject: { image }, policy: policyWith() }),
    })
    expect(asked.status).toBe(200)
    return (await asked.json()) as { id: string; outcome: string; answer: { subjects: { verdictId: string }[] } }
  }

  test('what its key signed is trusted, and the verdict can be read back; the twin of a stranger is rejected', async () => {
    const good = await verify(await push(registry.host, 'e2e/good', key))
    expect(good.outcome).toBe('trusted')
    expect(good.answer.subjects).toHaveLength(3)
    const verdict = good.answer.subjects[0]?.verdictId
    const read = await fetch(`${origin}/api/v1/verdicts/${verdict}`, { headers: { authorization: `Bearer ${token}` } })
    expect(await read.json()).toMatchObject({ outcome: 'trusted' })
    expect((await verify(await push(registry.host, 'e2e/bad', stranger))).outcome).toBe('rejected')
  })

  test.skipIf(spawnSync('curl', ['--version']).status !== 0)('as the README says it: with curl', async () => {
    const image = await push(registry.host, 'e2e/curl', key)
    const body = JSON.stringify({ subject: { image }, policy: policyWith() })
    const { stdout } = spawnSync(
      'curl',
      [
        '-sS',
        '-H',
        `Authorization: Bearer ${token}`,
        '-H',
        'Content-Type: application/json',
        '-H',
        'Prefer: wait=55',
        '-d',
        body,
        `${origin}/api/v1/verifications`,
      ],
      { encoding: 'utf8' },
    )
    expect(JSON.parse(stdout)).toMatchObject({ state: 'done', outcome: 'trusted' })
  })
})
