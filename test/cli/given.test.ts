/** What a person brings along or narrows: --given, --at, --platform, mirrors. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cosignTag, signatureManifest, simpleSigning } from '../authority/cosign-legacy.ts'
import { type LayoutEntry, layout } from '../authority/oci.ts'
import { startRegistry, type TestRegistry } from '../registry/registry.ts'
import { type AnyAnswer, meshproof, scratch } from './process.ts'
import { authority, hold, key, policyFiles, policyWith, sign, smallImage } from './scene.ts'

const room = scratch()
const files = policyFiles(room.path)
const at = (name: string): string => join(room.path, name)
const image = smallImage('given')
const name = 'registry.example/team/app'
const signature = simpleSigning(authority, { digest: image.index.digest, signer: key, log: false, reference: name })
let registry: TestRegistry

beforeAll(async () => {
  registry = await startRegistry()
  hold(registry, 'team/app', image.index, '1')
  const signed: LayoutEntry = {
    artifact: signatureManifest([signature]),
    reference: `${name}:${cosignTag(image.index.digest)}`,
  }
  layout(at('layout'), [{ artifact: image.index, reference: `${name}:1` }, signed])
  layout(at('signatures-only'), [signed])
  writeFileSync(at('app'), 'hello')
  const { bundle } = authority.sign({ message: 'hello', signer: key, log: 'none', timestamp: false })
  writeFileSync(at('app.sigstore.json'), JSON.stringify(bundle))
  // What `cosign download signature` prints.
  const { annotations } = signature.layer
  const [Base64Signature, Payload] = [annotations['dev.cosignproject.cosign/signature'], signature.payload]
  writeFileSync(at('downloaded.json'), `${JSON.stringify({ Base64Signature, Payload: Payload.toString('base64') })}\n`)
  mkdirSync(at('no-layout'))
})
afterAll(async () => {
  await registry.close()
  room.remove()
})

const verify = (image: string, ...more: readonly string[]) =>
  meshproof(['verify', 'image', image, '--policy', files.policy, '-o', 'json', ...more])
const outcomes = (answer: AnyAnswer | undefined) =>
  (answer?.subjects ?? []).map(({ platform, role, outcome }) => `${platform ?? role} ${outcome}`)

describe('--given', () => {
  test('a layout answers for its image, without network', async () => {
    const { code, answers } = await verify(`${name}:1`, '--given', at('layout'), '--offline')
    expect(outcomes(answers[0])).toEqual(['root trusted', 'linux/amd64 trusted', 'linux/arm64 trusted'])
    expect(code).toBe(0)
  })

  test('signatures alone: the registry is asked for the image, and for no signature', async () => {
    registry.requests.length = 0
    const given = ['--given', at('downloaded.json')]
    const { code, stdout } = await verify(`${registry.host}/team/app:1`, ...given)
    expect(code, stdout).toBe(0)
    expect(registry.lines()).toEqual([`GET /v2/team/app/manifests/1`])
  })

  test('a bare digest: whatever in the layout vouches for it, under whichever name', async () => {
    const line = (layoutName: string, digest = image.index.digest) => ({
      subject: { digest },
      given: [{ layout: layoutName }],
      policy: policyWith(),
      offline: true,
    })
    const unknown = `sha256:${'0'.repeat(64)}`
    const lines = [line('layout'), line('signatures-only'), line('layout', unknown as typeof image.index.digest)]
    const input = lines.map((one) => JSON.stringify(one)).join('\n')
    const { answers } = await meshproof(['verify', 'batch', '-', '--root', room.path], { input })
    expect(answers.map(({ verdict }) => verdict)).toEqual(['trusted', 'trusted', 'rejected'])
    expect(answers.map(({ subjects }) => subjects?.[0]?.findings.at(-1)?.check)).toContain('own')
  })

  test('a folder that is no layout: exit 2', async () => {
    const { code, stderr } = await meshproof([
      'verify',
      'image',
      name,
      '--policy',
      files.policy,
      '--given',
      at('no-layout'),
    ])
    expect({ code, says: /a folder without index\.json/.test(stderr) }).toEqual({ code: 2, says: true })
  })
})

test.for([
  ['linux/arm64', ['linux/arm64 trusted'], 0],
  ['linux/s390x', ['root rejected'], 1],
] as const)('--platform %s', async ([platform, expected, code]) => {
  const ran = await verify(`${name}:1`, '--given', at('layout'), '--offline', '--platform', platform)
  expect(outcomes(ran.answers[0])).toEqual(expected)
  expect(ran.code).toBe(code)
})

test('--at judges at another time, and the answer says so', async () => {
  const when = '2031-02-03T04:05:06.000Z'
  const args = ['verify', 'bundle', '--bundle', at('app.sigstore.json'), '--policy', files.policy, '-o', 'json']
  const { code, answers } = await meshproof([...args, '--at', '2031-02-03T04:05:06Z', at('app')])
  expect({ code, at: answers[0]?.at }).toEqual({ code: 0, at: when })
})

describe('T91 the origin of a mirror', () => {
  /** A machine that takes connections and says nothing, as a firewall makes of the rest of the world. */
  let silent: Server
  const sockets: Socket[] = []
  beforeAll(async () => {
    silent = createServer((socket) => sockets.push(socket.on('error', () => {})))
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
    sign(registry, 'team/app', image.index)
  })
  afterAll(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })

  test('is asked in passing, once a run; its silence changes no verdict', async () => {
    const origin = `127.0.0.1:${(silent.address() as AddressInfo).port}`
    const line = { subject: { image: `${registry.host}/team/app:1` }, policy: policyWith() }
    const env = { MESHPROOF_MIRRORS: `${registry.host}=${origin}`, MESHPROOF_REGISTRY_INSECURE: origin }
    const input = Array(3).fill(JSON.stringify(line)).join('\n')
    const { answers, code } = await meshproof(['verify', 'batch', '-', '-j', '1'], { env, input })
    expect(code).toBe(0)
    expect(answers.map(({ verdict }) => verdict)).toEqual(['trusted', 'trusted', 'trusted'])
    expect(sockets).toHaveLength(1)
  })
})
