/** What the command line makes for people and programs, beside a service that runs and without one. */
import type { ChildProcess } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthority } from '../authority/authority.ts'
import { ended, meshproof, scratch, start } from '../cli/process.ts'
import { preparedFolder } from '../store/prepared.ts'
import { policyWith } from './scene.ts'

const room = scratch()
const { folder: data } = await preparedFolder()
const env = { MESHPROOF_DATA: data, MESHPROOF_PORT: '0' }
let service: ChildProcess
let origin: string
const said: string[] = []

beforeAll(async () => {
  service = start(['serve'], { env })
  await new Promise<void>((listening, failed) => {
    service.once('exit', () => failed(new Error(said.join('\n'))))
    if (service.stdout === null) return failed(new Error('no output'))
    createInterface(service.stdout).on('line', (line) => {
      said.push(line)
      if (line.includes('link to sign in')) listening()
    })
  })
  origin = / on (http:\/\/\S+)/.exec(said.join('\n'))?.[1] ?? ''
}, 180_000)
afterAll(() => {
  service.kill('SIGKILL')
  room.remove()
})

const signInWith = async (link: string) => {
  const url = new URL(link)
  const own = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
  const body = `link=${url.searchParams.get('link')}`
  return fetch(`${url.origin}/sign-in`, { method: 'POST', body, headers: own, redirect: 'manual' })
}
const run = (...args: string[]) => meshproof(args, { env })

describe('beside the service that has the data folder', { timeout: 180_000 }, () => {
  test('not on a terminal the first link is in a file of its owner, and in no output', async () => {
    const file = join(data, 'sign-in-link')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const link = readFileSync(file, 'utf8').trim()
    expect(link.startsWith(`${origin}/sign-in?link=`)).toBe(true)
    expect(said.join('\n')).not.toContain('link=')
    expect((await signInWith(link)).status).toBe(303)
    expect((await signInWith(link)).status).toBe(403)
    expect(statSync(join(data, 'control.sock')).mode & 0o777).toBe(0o600)
  })

  test('sign-in-link makes a new one', async () => {
    const { code, stdout, stderr } = await run('sign-in-link')
    expect([code, stderr]).toEqual([0, ''])
    expect((await signInWith(stdout.trim())).status).toBe(303)
  })

  test('token create, in one command: a program asks, and the verdict is judged again by its digest', async () => {
    const made = await run('token', 'create', 'ci')
    const token = made.stdout.trim()
    expect([made.code, token]).toEqual([0, expect.stringMatching(/^mp_[\w-]{43}$/)])
    const asked = await fetch(`${origin}/api/v1/verifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', prefer: 'wait=50' },
      body: JSON.stringify({ subject: { digest: `sha256:${'7'.repeat(64)}` }, policy: policyWith() }),
    })
    const done = (await asked.json()) as { answer: { verdict: string; subjects: { verdictId: string }[] } }
    expect([asked.status, done.answer.verdict]).toEqual([200, 'inconclusive'])
    const verdict = done.answer.subjects[0]?.verdictId ?? ''
    const again = await run('replay', verdict)
    expect([again.code, again.stdout]).toEqual([
      3,
      expect.stringContaining(`\n${verdict}: the same verdict, byte for byte.\n`),
    ])
    const json = await run('replay', verdict, '-o', 'json')
    expect(JSON.parse(json.stdout)).toMatchObject({ same: true, differences: [] })
    const none = await run('replay', `sha256:${'0'.repeat(64)}`)
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('store.unknown')])
    const all = await run('replay', '--all')
    expect([all.code, all.stdout]).toEqual([0, '1 verdict of 1 request: all the same, byte for byte.\n'])
    expect((await run('replay', '--all', '--restore')).code).toBe(0)
    // Asked otherwise, in the words of `replay PACK`.
    const policy = join(room.path, 'other.yaml')
    const other = policyWith({ name: 'other' }, { id: 'another', candidate: 'attestation' })
    writeFileSync(policy, JSON.stringify(other))
    const otherwise = await run('replay', verdict, '--policy', policy)
    expect([otherwise.code, otherwise.stdout]).toEqual([
      3,
      expect.stringMatching(
        /(artifact|digest).*: was inconclusive; is inconclusive\n(.*\n)* {2}another: was not there; is could not tell/,
      ),
    ])
    const root = join(room.path, 'root.json')
    writeFileSync(root, JSON.stringify(createAuthority().trustedRoot()))
    const dated = await run('replay', verdict, '--trusted-root', root, '--at', '2030-01-01T00:00:00Z', '-o', 'json')
    expect(JSON.parse(dated.stdout)).toMatchObject({ same: null, answer: { at: '2030-01-01T00:00:00.000Z' } })
    expect((await run('replay', verdict, '--profile', 'kuma')).code).toBe(3)
    expect((await run('replay', verdict, '--profile', 'no-such')).code).toBe(2)
    for (const usage of [
      ['--all', verdict],
      ['--all', '--profile', 'kuma'],
      ['--restore', verdict],
    ])
      expect((await run('replay', ...usage)).code, usage.join(' ')).toBe(2)
  })

  test('token list shows no secret, token revoke ends one', async () => {
    const token = (await run('token', 'create', 'other', '--scope', 'verifications:read', '--days', '1')).stdout.trim()
    const use = () => fetch(`${origin}/api/v1/verifications`, { headers: { authorization: `Bearer ${token}` } })
    expect((await use()).status).toBe(200)
    const list = await run('token', 'list')
    const line = list.stdout.split('\n').find((one) => one.includes('  other  ')) ?? ''
    expect(line).toMatch(/verifications:read {2}until .*, last used 20/)
    expect(list.stdout).not.toContain(token)
    const [id = ''] = line.split(' ')
    expect((await run('token', 'revoke', id)).stdout).toBe(`revoked ${id}\n`)
    expect((await use()).status).toBe(401)
    expect((await run('token', 'revoke', id)).stderr).toContain('store.unknown')
    expect((await run('token', 'list', '-o', 'json')).stdout).toContain('"revokedAt"')
  })

  test.for([
    ['token', 'create'],
    ['token', 'create', 'a', '--scope', 'everything'],
    ['token', 'create', 'a', '--days', '0'],
    ['token', 'revoke', 'x'],
    ['sign-in-link', 'x'],
  ])('usage: %s', async (args) => {
    expect((await run(...args)).code).toBe(2)
  })
})

test('without a service the same commands open the folder themselves; what they make is good later', {
  timeout: 180_000,
}, async () => {
  service.kill('SIGINT')
  expect((await ended(service)).code).toBe(0)
  const logged = said.filter((line) => line.startsWith('{')).join('\n')
  expect(logged).toContain('"path":"/sign-in"')
  expect(logged).not.toMatch(/link=|mp_|__Host-/)
  const made = await run('token', 'create', 'later')
  expect(made.code, made.stderr).toBe(0)
  expect((await run('token', 'list')).stdout).toContain('  later  ')
  const { stdout } = await meshproof(['sign-in-link'], {
    env: { ...env, MESHPROOF_SERVER_ORIGIN: 'https://proof.example' },
  })
  expect(stdout).toMatch(/^https:\/\/proof\.example\/sign-in\?link=[\w-]{43}\n$/)
})
