/** The service as a process: what it says when it starts, when it cannot, and how it ends. */
import type { ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { limits } from '../../src/core/limits.ts'
import { openDatabase, type Place } from '../../src/store/database.ts'
import { lockFolder } from '../../src/store/lock.ts'
import { freePort, hasPostgres, type Postgres, startPostgres } from '../store/postgres.ts'
import { preparedFolder } from '../store/prepared.ts'
import { ended, meshproof, type Ran, scratch, start } from './process.ts'

const room = scratch()
const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})
afterAll(() => room.remove())

type Up = {
  readonly child: ChildProcess
  readonly url: string
  /** Of an operator, where it listens. */
  readonly token: string
  readonly said: () => string
  readonly end: Promise<Ran>
}

async function up(verb: string, env: Record<string, string>, who: 'operator' | 'nobody' = 'operator'): Promise<Up> {
  const child = start([verb], { env: { MESHPROOF_PORT: '0', MESHPROOF_TRUST_REFRESH: 'false', ...env }, stdin: 'open' })
  running.push(child)
  const end = ended(child)
  let said = ''
  const url = await new Promise<string>((resolve, fail) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = /listens on (\S+)\n/.exec(said)?.[1] ?? (said.includes('works on') ? 'none' : undefined)
      if (found !== undefined) resolve(found)
    })
    void end.then(({ stderr }) => fail(new Error(`it ended: ${stderr}`)))
  })
  const made = url === 'none' || who === 'nobody' ? undefined : await meshproof(['token', 'create', 'test'], { env })
  return { child, url, token: made?.stdout.trim() ?? '', said: () => said, end }
}

const ask = async ({ url, token }: Up, path = '/api/v1/verifications'): Promise<Response> =>
  fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body,
  })

const body = JSON.stringify({
  subject: { image: 'kong/kuma-cp:2.14.3' },
  policy: { profile: 'auto' },
  offline: true,
})

/** A request whose body is only half there. */
function begin({ url, token }: Up): { finish(): Promise<readonly [number | undefined, string | undefined]> } {
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    authorization: `Bearer ${token}`,
  }
  const sent = request(`${url}/api/v1/verifications`, { method: 'POST', headers })
  const answered = new Promise<readonly [number | undefined, string | undefined]>((resolve, fail) => {
    sent
      .once('response', (answer) => resolve([answer.resume().statusCode, answer.headers.connection]))
      .once('error', fail)
  })
  answered.catch(() => {}) // whoever cares finishes
  sent.write(body.slice(0, 10))
  return {
    finish: () => {
      sent.end(body.slice(10))
      return answered
    },
  }
}

/** R16: what a SIGTERM under load does to those who ask. */
async function endsUnderLoad(env: Record<string, string>, place: Place): Promise<void> {
  const one = await up('start', env)
  let answered = 0
  const failed: unknown[] = []
  /** As behind a balancer: goes elsewhere once it hears that the connection ends. */
  const load = async () => {
    for (;;) {
      const answer = await ask(one).catch((error: unknown) => {
        failed.push(error)
        return undefined
      })
      await answer?.arrayBuffer()
      if (answer?.status === 202) answered++
      else failed.push(answer?.status)
      if (answer === undefined || answer.headers.get('connection') === 'close') return
    }
  }
  const loads = Array.from({ length: 8 }, load)
  const slow = begin(one)
  await expect.poll(() => answered, { timeout: 20_000 }).toBeGreaterThan(20)
  one.child.kill('SIGTERM')
  await Promise.all(loads)
  // Nobody new is let in; whoever is half-way through still gets an answer.
  const refused = () =>
    fetch(one.url).then(
      () => false,
      () => true,
    )
  await expect.poll(refused, { timeout: 20_000 }).toBe(true)
  expect(await slow.finish()).toEqual([202, 'close'])
  const { code, signal } = await one.end
  expect({ code, signal, failed }).toEqual({ code: 0, signal: null, failed: [] })

  // All that was acknowledged is there.
  const database = await openDatabase(place, limits, () => {})
  const kept = await database.db.selectFrom('request').select('id').execute()
  await database.close()
  expect(kept).toHaveLength(answered + 1)
}

/** What a person reads: what, where, what to do next. */
const problem = (stderr: string, code: string, ...words: string[]) => {
  expect(stderr).toContain(code)
  for (const word of words) expect(stderr).toContain(word)
  expect(stderr).not.toMatch(/\n\s+at /)
  expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(5)
}

describe('embedded', { timeout: 180_000 }, () => {
  const data = join(room.path, 'data')

  test('says where it listens, where its data are, and what they survive', async () => {
    const one = await up('start', { MESHPROOF_DATA: data })
    expect(one.said()).toContain(data)
    expect(one.said()).toMatch(/survives the death of this process, not of this machine/)
    expect(one.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(statSync(data).mode & 0o777).toBe(0o700)
    expect(statSync(join(data, 'lock.db')).mode & 0o777).toBe(0o600)

    // R8: the folder is taken; whatever else is started on it ends with a line that says so.
    const others = await Promise.all(
      [1, 2, 3].map(() => meshproof(['start'], { env: { MESHPROOF_DATA: data, MESHPROOF_PORT: '0' } })),
    )
    for (const other of others) {
      expect(other.code).toBe(2)
      problem(other.stderr, 'data.in-use', data, 'DATABASE_URL')
    }
    expect((await meshproof(['migrate'], { env: { MESHPROOF_DATA: data } })).stderr).toContain('data.in-use')

    // kill -9 frees it.
    one.child.kill('SIGKILL')
    await one.end
    const two = await up('serve', { MESHPROOF_DATA: data })
    two.child.kill('SIGINT')
    expect(await two.end).toMatchObject({ code: 0, signal: null, stderr: '' })
  })

  test.each([
    ['SIGINT', 0, ({ child }: Up) => child.kill('SIGINT')],
    ['SIGHUP', 0, ({ child }: Up) => child.kill('SIGHUP')],
    [
      'the reader of the log goes',
      3,
      async (one: Up) => {
        one.child.stdout?.destroy()
        await fetch(`${one.url}/livez`).catch(() => {})
      },
    ],
  ])(
    'R17: %s: it ends at once and cleanly, whoever is half-way through, and the folder is free',
    async (_, code, act) => {
      const one = await up('start', { MESHPROOF_DATA: data }, 'nobody')
      const open = connect(Number(new URL(one.url).port), '127.0.0.1')
      open.on('error', () => {})
      const cut = new Promise((closed) => open.once('close', closed))
      open.resume() // what is not read keeps it from closing
      const { host } = new URL(one.url)
      const type = 'application/x-www-form-urlencoded'
      open.write(`POST /sign-in HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${one.url}\r\nContent-Type: ${type}\r\n`)
      open.write('Content-Length: 100\r\n\r\nlink=')
      expect((await fetch(`${one.url}/livez`)).status).toBe(200)
      await act(one)
      expect(await one.end).toMatchObject({ code, signal: null })
      await cut
      lockFolder(data).release()
    },
  )

  test('R17: with its input closed it goes on', async () => {
    const one = await up('start', { MESHPROOF_DATA: data }, 'nobody')
    one.child.stdin?.destroy()
    for (let i = 0; i < 20; i++) expect((await fetch(`${one.url}/livez`)).status).toBe(200)
    one.child.kill('SIGINT')
    expect(await one.end).toMatchObject({ code: 0, signal: null })
  })

  test('R16: a SIGTERM under load fails no request, and the process ends by itself', async () => {
    const { folder } = await preparedFolder()
    await endsUnderLoad({ MESHPROOF_DATA: folder }, { folder })
  })

  test('a port in use, an address that is not ours, a folder that cannot be written', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    const env = { MESHPROOF_DATA: data }
    const busy = await meshproof(['start'], { env: { ...env, MESHPROOF_PORT: String(port) } })
    taken.close()
    expect(busy.code).toBe(2)
    problem(busy.stderr, 'service.port-in-use', `127.0.0.1:${port}`, 'MESHPROOF_PORT')

    const foreign = await meshproof(['start'], { env: { ...env, MESHPROOF_LISTEN: '192.0.2.1', MESHPROOF_PORT: '0' } })
    expect(foreign.code).toBe(2)
    problem(foreign.stderr, 'service.address', '192.0.2.1', 'MESHPROOF_LISTEN')

    writeFileSync(join(room.path, 'file'), '')
    mkdirSync(join(room.path, 'closed'))
    chmodSync(join(room.path, 'closed'), 0o500)
    const unusable = await meshproof(['start'], { env: { MESHPROOF_DATA: join(room.path, 'file/data') } })
    expect(unusable.code).toBe(2)
    problem(unusable.stderr, 'data.unusable', join(room.path, 'file/data'), 'MESHPROOF_DATA')
  })

  test('a worker of its own needs a database that two may use', async () => {
    const { code, stderr } = await meshproof(['worker'], { env: { MESHPROOF_DATA: data } })
    expect(code).toBe(2)
    problem(stderr, 'usage.unknown', 'DATABASE_URL')
  })

  test.each(['start', 'serve', 'worker', 'migrate'])('%s takes no arguments', async (verb) => {
    const { code, stderr } = await meshproof([verb, 'now'])
    expect(code).toBe(2)
    expect(stderr).toContain('usage.unknown')
  })
})

describe.skipIf(!hasPostgres)('over PostgreSQL', { timeout: 180_000 }, () => {
  let server: Postgres
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())

  test('a database that does not answer is named, without its password', async () => {
    const port = await freePort()
    const env = { DATABASE_URL: `postgres://owner:hunter2@127.0.0.1:${port}/none`, MESHPROOF_PORT: '0' }
    for (const verb of ['serve', 'worker', 'migrate', 'start']) {
      const { code, stderr } = await meshproof([verb], { env })
      expect(code, verb).toBe(2)
      problem(stderr, 'database.not-there', `owner:***@127.0.0.1:${port}`, 'DATABASE_URL')
    }
  })

  test('serve and worker ask for migrations, migrate applies them, and each runs alone', async () => {
    const env = { DATABASE_URL: await server.createDatabase() }
    for (const verb of ['serve', 'worker']) {
      const { code, stderr } = await meshproof([verb], { env: { ...env, MESHPROOF_PORT: '0' } })
      expect(code).toBe(2)
      problem(stderr, 'database.pending', '0001_initial.sql', 'meshproof migrate')
    }
    expect((await meshproof(['migrate'], { env })).stdout).toContain('applied 0001_initial.sql')
    expect((await meshproof(['migrate'], { env })).stdout).toBe('nothing to apply\n')

    const serve = await up('serve', env)
    const { id } = (await (await ask(serve)).json()) as { id: string }
    const look = async () =>
      (
        (await (
          await fetch(`${serve.url}/api/v1/verifications/${id}`, {
            headers: { authorization: `Bearer ${serve.token}` },
          })
        ).json()) as { state: string }
      ).state
    expect(await look()).toBe('queued')
    const worker = await up('worker', { ...env, MESHPROOF_OPERATIONS_PORT: String(await freePort()) })
    const own = /tells how it is on (\S+)\n/.exec(worker.said())?.[1]
    expect(own).toMatch(/^http:\/\/127\.0\.0\.1:/)
    expect(await (await fetch(`${own}/readyz`)).text()).toBe('ready\n')
    expect(await (await fetch(`${own}/metrics`)).text()).toContain('meshproof_queue_jobs')
    await expect.poll(look, { timeout: 20_000 }).toBe('done')
    for (const { child } of [serve, worker]) child.kill('SIGINT')
    expect(await Promise.all([serve.end, worker.end])).toMatchObject([{ code: 0 }, { code: 0 }])
  })

  test('R16: a SIGTERM under load fails no request, and the process ends by itself', async () => {
    const url = await server.createDatabase()
    await endsUnderLoad({ DATABASE_URL: url }, { url })
  })

  test('R17: a second SIGTERM hurries the end', async () => {
    const one = await up('start', { DATABASE_URL: await server.createDatabase() })
    one.child.kill('SIGTERM')
    await expect.poll(async () => (await ask(one)).headers.get('connection'), { timeout: 5_000 }).toBe('close')
    one.child.kill('SIGTERM')
    expect(await one.end).toMatchObject({ code: 0, signal: null })
  })
})
