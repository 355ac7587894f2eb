/**
 * kill -9 at each named point: nothing that was asked for is lost, nothing is done twice. `npm run crash` does it 100
 * times at each; here it is done as often as MESHPROOF_CRASH_ROUNDS says, else once.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { limits } from '../../src/core/limits.ts'
import { openDatabase, type Place } from '../../src/store/database.ts'
import { newId } from '../../src/store/id.ts'
import { hold, policyWith, sign, smallImage } from '../cli/scene.ts'
import { startRegistry, type TestRegistry } from '../registry/registry.ts'
import { hasPostgres, type Postgres, startPostgres } from '../store/postgres.ts'
import { type Ask, type Point, points, type Told } from './points.ts'

const asked = process.env['MESHPROOF_CRASH_ROUNDS']
const rounds = (usual: number) => (asked === undefined ? usual : Number(asked))
const minutes = (n: number) => n * 60_000

let registry: TestRegistry
beforeAll(async () => {
  registry = await startRegistry()
  const small = smallImage('a release')
  hold(registry, 'team/app', small.index, '1.0.0')
  sign(registry, 'team/app', small.index)
})
afterAll(() => registry.close())

type Heard = { readonly told: Told[]; readonly ended: Promise<NodeJS.Signals | null>; readonly child: ChildProcess }

function start(place: Place, principal: string): Heard {
  const args = [JSON.stringify(place), registry.host, principal, JSON.stringify(policyWith())]
  const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'meshproof-test-compiled') }
  const child = fork(join(import.meta.dirname, 'process.ts'), args, { stdio: 'ignore', env })
  const told: Told[] = []
  child.on('message', (message) => told.push(message as Told))
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  return { told, child, ended }
}

async function hear<K extends 'ready' | 'id' | 'state'>(
  { told, ended }: Heard,
  what: K,
): Promise<Extract<Told, Record<K, unknown>> | undefined> {
  let over = false
  void ended.then(() => {
    over = true
  })
  for (;;) {
    const failed = told.find((one) => 'error' in one)
    if (failed !== undefined) throw new Error(JSON.stringify(failed))
    const i = told.findIndex((one) => what in one)
    if (i >= 0) return told.splice(i, 1)[0] as Extract<Told, Record<K, unknown>>
    if (over) return undefined
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Dies of it, or never came to the point: some come after the state has been told. */
async function endOf(one: Heard): Promise<NodeJS.Signals | null | 'it lives'> {
  const lives = hear(one, 'state').then(() => new Promise((resolve) => setTimeout(resolve, 5_000)))
  return Promise.race([one.ended, lives.then((): 'it lives' => 'it lives')])
}

/** Evidence comes in once for each image. */
function freshImage(key: string): string {
  const small = smallImage(`release ${key}`)
  hold(registry, `team/fresh-${key}`, small.index, '1.0.0')
  sign(registry, `team/fresh-${key}`, small.index)
  return `fresh-${key}`
}

const askOf = (key: string, point: Point): Omit<Ask, 'dieAt'> => ({
  key,
  image: `${registry.host}/team/${imageFor(key, point)}:1.0.0`,
  lost: point.startsWith('sweep'),
  repeats: point.startsWith('repeat'),
})

const imageFor = (key: string, point: Point): string =>
  /^(?:fail|park)/.test(point) ? 'throws' : /^(?:put|repeat)/.test(point) ? freshImage(key) : 'app'

/** Each process first brings to its end what the one before it left, then is asked for more, and dies of that. */
async function crash(place: Place, schedule: readonly Point[], die: boolean) {
  const principal = newId()
  const ids = new Map<string, string>()
  const states = new Map<string, string>()
  let before: Omit<Ask, 'dieAt'> | undefined
  let one: Heard | undefined
  for (const [i, point] of [...schedule, undefined].entries()) {
    one ??= start(place, principal)
    if ((await hear(one, 'ready')) === undefined) throw new Error('it did not start')
    if (before !== undefined) {
      one.child.send(before) // the client's retry, with the same key
      const id = (await hear(one, 'id'))?.id ?? ''
      expect(ids.get(before.key) ?? id, 'the first answer').toBe(id)
      ids.set(before.key, id)
      states.set(before.key, (await hear(one, 'state'))?.state ?? '')
    }
    if (point === undefined) break
    before = askOf(`${i}`, point)
    one.child.send({ ...before, ...(die && { dieAt: point }) })
    const acknowledged = await hear(one, 'id')
    if (acknowledged !== undefined) ids.set(before.key, acknowledged.id)
    if (die) {
      expect(await endOf(one), point).toBe('SIGKILL')
      one = undefined
    } else {
      await hear(one, 'state')
      one.told.push({ ready: true })
    }
  }
  one?.child.kill('SIGKILL')
  await one?.ended
  return { ids, states: [...states.values()], kept: await count(place) }
}

async function count(place: Place) {
  const database = await openDatabase(place, limits, () => {})
  const of = async (
    table: 'request' | 'verdict' | 'request_verdict' | 'finding' | 'evidence' | 'evidence_set' | 'idempotency',
  ) => {
    const rows = await database.db
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<string>().as('n'))
      .execute()
    return Number(rows[0]?.n)
  }
  const records = await database.db
    .selectFrom('record')
    .select(['kind', ({ fn }) => fn.countAll<string>().as('n')])
    .groupBy('kind')
    .execute()
  const kept = {
    requests: await of('request'),
    keys: await of('idempotency'),
    verdicts: await of('verdict'),
    references: await of('request_verdict'),
    findings: await of('finding'),
    evidence: await of('evidence'),
    sets: await of('evidence_set'),
    records: Object.fromEntries(records.map(({ kind, n }) => [kind, Number(n)])),
  }
  await database.close()
  return kept
}

const repeated = (list: readonly Point[], n: number): readonly Point[] => Array.from({ length: n }, () => list).flat()

describe.skipIf(!hasPostgres)('over PostgreSQL', () => {
  let server: Postgres
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())
  const n = rounds(1)

  test(
    `R1, R2, R3: ${n} rounds of kill -9 at ${points.length} points leave what a run without kills leaves`,
    async () => {
      const schedule = repeated(points, n)
      const url = () => server.createDatabase()
      const calm = await crash({ url: await url() }, schedule, false)
      const wild = await crash({ url: await url() }, schedule, true)
      expect(wild.states).toEqual(calm.states)
      expect(new Set(wild.ids.values()).size).toBe(schedule.length)
      expect(wild.kept).toEqual(calm.kept)
    },
    minutes(5 * n),
  )
})

test(
  'R1, R2, R3: over PGlite as well',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meshproof-crash-'))
    const some: readonly Point[] = ['claim.after', 'finish.after-commit']
    const schedule = repeated(some, rounds(1))
    const calm = await crash({ folder: join(folder, 'calm') }, schedule, false)
    const wild = await crash({ folder: join(folder, 'wild') }, schedule, true)
    expect(wild.states).toEqual(calm.states)
    expect(wild.kept).toEqual(calm.kept)
    rmSync(folder, { recursive: true, force: true })
  },
  minutes(5 * rounds(1)),
)
