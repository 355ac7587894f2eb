/** Packs are OCI layouts: the tools that carry images carry them, through a registry and back. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { meshproof, scratch } from '../cli/process.ts'
import { authority, key, policyFiles } from '../cli/scene.ts'
import { hasDockerRegistry, startDockerRegistry } from '../registry/docker-registry.ts'

const room = scratch()
const files = policyFiles(room.path)
const has = (tool: string): boolean => {
  const found = spawnSync(tool, [tool === 'oras' ? 'version' : '--version']).status === 0
  if (!found) console.warn(`${tool} skipped: it is not installed`)
  return found
}
const tools = { skopeo: has('skopeo'), oras: has('oras') }
const run = (tool: string, ...args: readonly string[]) => {
  const { status, stderr } = spawnSync(tool, args, { encoding: 'utf8', env: { ...process.env, HOME: room.path } })
  expect(status, stderr).toBe(0)
}
let host = ''
let stop = () => Promise.resolve()
let before = ''
const at = (name: string) => join(room.path, name)

beforeAll(async () => {
  if (!hasDockerRegistry) return
  const registry = await startDockerRegistry()
  host = registry.host
  stop = registry.stop
  writeFileSync(at('app'), 'hello')
  const { bundle } = authority.sign({ message: 'hello', signer: key, log: 'none', timestamp: false })
  writeFileSync(at('app.sigstore.json'), JSON.stringify(bundle))
  const args = ['verify', 'bundle', '--bundle', at('app.sigstore.json'), '--policy', files.policy, '-o', 'json']
  const { answers } = await meshproof([...args, '--save-pack', at('pack'), at('app')])
  before = answers[0]?.subjects?.[0]?.verdictId ?? ''
})
afterAll(async () => {
  await stop()
  room.remove()
})

async function isTheSame(pack: string): Promise<void> {
  const { code, answers, stderr } = await meshproof(['replay', pack, '-o', 'json'])
  expect(code, stderr).toBe(0)
  expect(answers[0]?.subjects?.[0]?.verdictId).toBe(before)
}

describe.skipIf(!hasDockerRegistry)('a pack goes through a registry', () => {
  test.skipIf(!tools.skopeo)('by skopeo', async () => {
    const copy = ['--insecure-policy', 'copy']
    run('skopeo', ...copy, '--dest-tls-verify=false', `oci:${at('pack')}:meshproof-pack`, `docker://${host}/packs/a:1`)
    run('skopeo', ...copy, '--src-tls-verify=false', `docker://${host}/packs/a:1`, `oci:${at('by-skopeo')}:any-name`)
    await isTheSame(at('by-skopeo'))
  })

  test.skipIf(!tools.oras)('by oras', async () => {
    run('oras', 'cp', '--from-oci-layout', `${at('pack')}:meshproof-pack`, '--to-plain-http', `${host}/packs/b:1`)
    run('oras', 'cp', '--from-plain-http', `${host}/packs/b:1`, '--to-oci-layout', `${at('by-oras')}:any-name`)
    await isTheSame(at('by-oras'))
  })
})
