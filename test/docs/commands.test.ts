/**
 * Every command that the README, the documents and the help show is run, over files of the names that it says. Nothing
 * answers here for the registries and the public root of the real world, so what cannot be told is an answer; a flag, a
 * verb or an order of words that does not exist is not.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pages } from '../../src/cli/help.ts'
import { digestOf } from '../../src/core/digest.ts'
import { createAuthority } from '../authority/authority.ts'
import { newKey } from '../authority/keys.ts'
import { generatorCertificate, provenance } from '../authority/provenance.ts'
import { summary } from '../authority/summary.ts'
import { tarGz } from '../authority/tar.ts'
import { cleanEnv, program, scratch } from '../cli/process.ts'
import { policyWith } from '../cli/scene.ts'

const top = join(import.meta.dirname, '../..')
const room = scratch()
afterAll(() => room.remove())
const inRoom = (name: string): string => join(room.path, name)

/** Shown, and run by another test, which needs a service, a database or a whole clone for it. */
const elsewhere: Readonly<Record<string, string>> = {
  'npm ci': 'every run of these tests begins with it',
  'npm start': 'test/repository/start.test.ts',
  'npm run demo': 'test/repository/start.test.ts',
  'npm test': 'this very run',
  'npm run bench': 'by hand',
  'npm run docs': 'test/docs/documents.test.ts holds its result',
  'npm run crash': 'test/crash',
  'meshproof start': 'test/cli/service.test.ts',
  'meshproof serve': 'test/cli/service.test.ts',
  'meshproof worker': 'test/cli/service.test.ts',
  'meshproof migrate': 'test/cli/service.test.ts',
  'meshproof sign-in-link': 'test/server/service-command.test.ts',
  'meshproof token': 'test/server/service-command.test.ts',
  'meshproof replay --all': 'test/jobs/replay-all.test.ts',
  curl: 'test/server/verifications.test.ts',
  'TOKEN=': 'test/server/service-command.test.ts',
}
const files = ['README.md', ...readdirSync(join(top, 'docs')).map((name) => `docs/${name}`)].filter((path) =>
  path.endsWith('.md'),
)

/** Of the blocks of shell, and of the text what has no word in capitals, which stands for something. */
function commandsOf(text: string): readonly string[] {
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => (block ?? '').replaceAll('\\\n', ' '))
  const lines = blocks.flatMap((block) => block.split('\n')).flatMap((line) => line.replace(/\s#.*/, '').split(' && '))
  const inline = [...text.matchAll(/`((?:meshproof|npm) [^`]*)`/g)].map(([, one]) => one ?? '')
  return [...lines, ...inline.filter((one) => !/\b[A-Z]{2,}\b/.test(one))].map((one) => one.trim())
}
const shown = [
  ...files.flatMap((path) => commandsOf(readFileSync(join(top, path), 'utf8'))),
  ...Object.values(pages).map(({ example }) => example),
]
const commands = [...new Set(shown.map((one) => one.replace('node bin/meshproof.mjs', 'meshproof')))].filter(
  (one) => one !== '' && !Object.keys(elsewhere).some((start) => one.startsWith(start)),
)

beforeAll(() => {
  const authority = createAuthority()
  const [key, verifier] = [newKey(), newKey()]
  const unlogged = { log: 'none', timestamp: false } as const
  const write = (name: string, content: string | Uint8Array | object) =>
    writeFileSync(
      inRoom(name),
      typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content),
    )
  const app = Buffer.from('an archive')
  const archive = tarGz([{ name: './kong-mesh-2.14.3/bin/kuma-cp', content: 'kuma-cp' }])
  const built = (name: string, bytes: Uint8Array) => {
    const subjects = [{ name, digest: { sha256: digestOf(bytes).slice('sha256:'.length) } }]
    const options = { generator: 'generic', subjects } as const
    return JSON.stringify(
      authority.sign({ payload: provenance(options), github: generatorCertificate(options) }).bundle,
    )
  }
  write('app.tar.gz', app)
  write('app.sigstore.json', authority.sign({ message: app, signer: key, ...unlogged }).bundle)
  write('app.intoto.jsonl', built('app.tar.gz', app))
  write('app.vsa.json', authority.sign({ payload: summary('an archive'), signer: verifier, ...unlogged }).bundle)
  write('key.pub', key.pem)
  write('verifier.pub', verifier.pem)
  write('our.key', newKey().privateKey.export({ format: 'pem', type: 'pkcs8' }))
  write('policy.yaml', policyWith()) // JSON is YAML
  const image = { subject: { image: 'kong/kuma-cp:2.14.3' }, policy: { profile: 'kong-mesh' }, offline: true }
  write('requests.ndjson', image)
  write('deployment.yaml', 'kind: Pod\nspec: {containers: [{name: cp, image: "kong/kuma-cp:2.14.3"}]}\n')
  write('kong-mesh-2.14.3-linux-amd64.tar.gz', archive)
  const given = built('kong-mesh-2.14.3-linux-amd64.tar.gz', archive)
  write('security-assets.tar.gz', tarGz([{ name: './kong-mesh.intoto.jsonl', content: given }]))
  mkdirSync(inRoom('opt/kong-mesh/bin'), { recursive: true })
  write('opt/kong-mesh/bin/kuma-cp', 'kuma-cp')
})

test('T105 each command that is shown is run here, or by a test that is named', () => {
  expect(commands.length).toBeGreaterThanOrEqual(14)
  for (const place of Object.values(elsewhere))
    if (place.startsWith('test/'))
      expect([place, existsSync(join(top, place.split(' ')[0] ?? ''))]).toEqual([place, true])
})

test.for(commands)('T105 %s', (command) => {
  // One that saves a pack comes before it is replayed, in whatever order they are shown.
  if (command.includes('replay pack') && !existsSync(inRoom('pack')))
    cpSync(join(top, 'demo/pack'), inRoom('pack'), { recursive: true })
  const words = command.replace('/opt/kong-mesh', inRoom('opt/kong-mesh')).replace(/^meshproof/, '"$NODE" "$PROGRAM"')
  const ran = spawnSync('sh', ['-c', words], {
    cwd: room.path,
    encoding: 'utf8',
    env: { ...cleanEnv(), NODE: process.execPath, PROGRAM: program, HTTPS_PROXY: 'http://127.0.0.1:9' },
  })
  expect([command, [0, 1, 3].includes(ran.status ?? -1), ran.stderr]).toEqual([command, true, ran.stderr])
  expect(ran.stderr).not.toMatch(/usage\.|internal\.crash|\n\s+at /)
})
