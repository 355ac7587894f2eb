/** What a person meets first: help, version, the cache, an image that nobody knows, a machine without network. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { profileNames } from '../../src/policy/profiles/table.ts'
import { meshproof, scratch } from './process.ts'

const room = scratch()
afterAll(() => room.remove())

describe('--help', () => {
  test('lists the verbs, each with an example that names it, and the exit codes', async () => {
    const { code, stdout } = await meshproof(['--help'])
    expect(code).toBe(0)
    const main = readFileSync(new URL('../../src/cli/main.ts', import.meta.url), 'utf8')
    const verbs = [...main.matchAll(/^ {2}'?([a-z -]+)'?: async/gm)].map(([, verb]) => verb ?? '')
    expect(verbs.length).toBeGreaterThan(6)
    const listed = [...stdout.matchAll(/^ {2}(\S+(?: \S+)?) {2,}\S.*\n +(\S.*)$/gm)]
    expect(listed.map(([, verb]) => verb)).toEqual(verbs)
    for (const [, verb = '', example = ''] of listed)
      if (verb !== 'demo') expect(example).toMatch(new RegExp(`^meshproof ${verb} `.trimEnd()))
    expect(stdout).toContain('Exit codes: 0 all trusted, 1 rejected, 2 usage or configuration, 3 inconclusive.')
  })

  test.for([
    ['verify', 'image'],
    ['verify', 'bundle'],
    ['verify', 'binary'],
    ['verify', 'vsa'],
    ['verify', 'install'],
    ['verify', 'batch'],
    ['replay'],
    ['policy', 'check'],
    ['cache', 'prune'],
  ])('of one verb, before or after it: %j', async (verb) => {
    const [asked, help] = [await meshproof([...verb, '--help']), await meshproof(['help', ...verb])]
    expect([asked.code, help.code]).toEqual([0, 0])
    expect(asked.stdout).toBe(help.stdout)
    expect(asked.stdout).toMatch(new RegExp(`^meshproof ${verb.join(' ')}: .+\n\n {2}meshproof ${verb.join(' ')}`))
  })

  test('without any word is the same', async () => {
    const { code, stdout } = await meshproof([])
    expect(code).toBe(0)
    expect(stdout).toContain('verify image')
  })
})

test('--version names rules and libraries', async () => {
  const { code, stdout } = await meshproof(['--version'])
  expect(code).toBe(0)
  const version = '\\d+\\.\\d+\\.\\d+\\S*'
  for (const name of ['meshproof', '  @sigstore/verify', '  @noble/curves', '  node', '  openssl'])
    expect(stdout).toMatch(new RegExp(`^${name} ${version}$`, 'm'))
  expect(stdout).toMatch(/^ {2}rules \d+$/m)
})

describe('an image that no profile knows, and no policy', () => {
  test('exit 2 policy.missing, with the profiles there are', async () => {
    const { code, stdout, stderr } = await meshproof(['verify', 'image', 'registry.example/team/app:1'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('policy.missing')
    for (const name of profileNames) expect(stderr).toContain(name)
  })
  test('beside one that is known: the others are answered', async () => {
    const args = ['verify', 'image', 'registry.example/team/app:1', 'kong/kuma-cp:2.14.3', '--offline', '-o', 'json']
    const { code, answers } = await meshproof(args)
    expect(code).toBe(2)
    expect(answers.map(({ problem, verdict }) => problem?.code ?? verdict)).toEqual(['policy.missing', 'inconclusive'])
  })
})

test('the first try, without network: what was tried, registry.unreachable, exit 3, and the way on', async () => {
  // A proxy where nothing listens is a network that is not there.
  const env = { https_proxy: 'http://127.0.0.1:1', COLUMNS: '100' }
  const { code, stdout, stderr } = await meshproof(['verify', 'image', 'kong/kuma-cp:2.14.3'], { env })
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
  expect(stdout).toContain('registry-1.docker.io')
  expect(stdout).toMatch(/could not be reached/)
  expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/meshproof replay PACK.*npm run demo/)
  expect(stdout.trimEnd().split('\n').length).toBeLessThan(24)
  const json = await meshproof(['verify', 'image', 'kong/kuma-cp:2.14.3', '-o', 'json'], { env })
  expect(json.answers[0]?.subjects?.[0]?.findings.map((finding) => finding.code)).toContain('registry.unreachable')
})

test('the cache: what it holds, smaller, empty, none', async () => {
  const env = { MESHPROOF_CACHE_PATH: join(room.path, 'cache') }
  const info = async () => (await meshproof(['cache', 'info'], { env })).stdout
  expect(await info()).toMatch(/^.*cache: 0 entries, 0\.0 MiB of at most 1024\.0\n$/)
  await meshproof(['verify', 'image', 'kong/kuma-cp:2.14.3'], { env: { ...env, https_proxy: 'http://127.0.0.1:1' } })
  expect(await info()).toMatch(/: [1-9]\d* entries/)
  expect((await meshproof(['cache', 'prune'], { env })).stdout).toMatch(/^Removed 0 entries/)
  expect((await meshproof(['cache', 'prune', '--all'], { env })).stdout).toMatch(/^Removed [1-9]\d* entries; 0\.0 MiB/)
  expect(await info()).toMatch(/: 0 entries/)
  const none = await meshproof(['cache', 'info'], { env: { MESHPROOF_CACHE_PATH: '' } })
  expect({ code: none.code, stdout: none.stdout }).toEqual({ code: 0, stdout: expect.stringContaining('no cache') })
})
