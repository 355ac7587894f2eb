/**
 * The service is killed with kill -9 at each named point, and what its database then holds is compared with a run without
 * kills: nothing that was asked for is lost, nothing is done twice. `npm run crash` does it 100 times at each point.
 */
import { type ChildProcess, type ForkOptions, fork } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from '../../src/core/limits.ts'
import { openDatabase, type Place } from '../../src/store/database.ts'
import { newId } from '../../src/store/id.ts'
import { hold, policyWith, sign, smallImage } from '../cli/scene.ts'
import { compiled } from '../compiled.ts'
import { startRegistry, type TestRegistry } from '../registry/registry.ts'
import { type Ask, type Point, points, type Told } from './points.ts'

const rounds = Number(process.env['MESHPROOF_CRASH_ROUNDS'] ?? 3)
/** Much of a round is waiting for a lease to end: several services at once, each with a database and a part of the rounds. */
const lanes = 3

let registry: TestRegistry

/** `fresh` gives a database that was prepared and is empty. */
export function crashing(fresh: () => Promise<Place>): void {
  beforeAll(async () => {
    registry = await startRegistry()
    const small = smallImage('a release')
    hold(registry, 'team/app', small.index, '1.0.0')
    sign(registry, 'team/app', small.index)
  })
  afterAll(() => registry.close())

  test(
    `R1, R2, R3: ${rounds} rounds of kill -9 at ${points.length} points leave what a run without kills leaves`,
    async () => {
      const schedule = Array.from({ length: rounds }, () => points).flat()
      const calms = new Map<string, ReturnType<typeof crash>>()
      /** Lanes of the same points are held against one run without kills. */
      const calmOf = async (part: readonly Point[]) => {
        const place = await fresh()
        const known = calms.get(part.join()) ?? crash(place, part, false)
        calms.set(part.join(), known)
        return known
      }
      const lane = async (part: readonly Point[]) => {
        const [calm, wild] = await Promise.all([calmOf(part), crash(await fresh(), part, true)])
        expect(wild.states).toEqual(calm.states)
        expect(new Set(wild.ids.values()).size).toBe(part.length)
        expect(wild.kept).toEqual(calm.kept)
        return wild.kills
      }
      const size = Math.ceil(schedule.length / lanes)
      const parts = Array.from({ length: lanes }, (_, i) => schedule.slice(i * size, (i + 1) * size))
      const kills = await Promise.all(parts.map(lane))
      expect(kills.reduce((sum, n) => sum + n, 0)).toBe(rounds * points.length)
    },
    rounds * 5 * 60_000,
  )
}

type Heard = { readonly told: Told[]; readonly ended: Promise<NodeJS.Signals | null>; readonly child: ChildProcess }

function start(place: Place, principal: string): Heard {
  const args = [JSON.stringify(place), registry.host, principal, JSON.stringify(policyWith())]
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled }
  // Measured: half the start of a process over PGlite is its optimising compiler, for code that runs once.
  const options: ForkOptions = { stdio: 'ignore', env, execArgv: ['--liftoff-only'] }
  const child = fork(join(import.meta.dirname, 'process.ts'), args, options)
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
  let kills = 0
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
      kills++
      one = undefined
    } else {
      await hear(one, 'state')
      one.told.push({ ready: true })
    }
  }
  one?.child.kill('SIGKILL')
  await one?.ended
  return { ids, states: [...states.values()], kills, kept: await count(place) }
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
