/** A verification in the service, from the row to its verdict, with what may come in between. */
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Reference } from '../../src/core/reference.ts'
import { keeperOf } from '../../src/examine/keeper.ts'
import type { Place } from '../../src/store/database.ts'
import { fromColumn } from '../../src/store/digest-column.ts'
import { evidenceStore, lookupTable } from '../../src/store/evidence.ts'
import { findVerdict } from '../../src/store/verdicts.ts'
import { waitsTable } from '../../src/store/waits.ts'
import { hold, sign, smallImage } from '../cli/scene.ts'
import { quick, type Running, request, startService, stateOf } from '../jobs/service.ts'
import { reply, startRegistry, type TestRegistry } from '../registry/registry.ts'
import { hasPostgres, type Postgres, startPostgres } from '../store/postgres.ts'
import { preparedFolder } from '../store/prepared.ts'

const until = (what: () => unknown, value: unknown) => expect.poll(what, { timeout: 60_000 }).toEqual(value)
const poisoned = new URL('./poisoned.ts', import.meta.url)

const signed = async (): Promise<TestRegistry> => {
  const registry = await startRegistry()
  const small = smallImage('a release')
  hold(registry, 'team/app', small.index, '1.0.0')
  sign(registry, 'team/app', small.index)
  hold(registry, 'team/unsigned', smallImage('nobody signed this').index, '1.0.0')
  return registry
}
const many = (n: number) => Array.from({ length: n }, (_, i) => i)

const trusted = (service: Running, ids: readonly string[], n = ids.length) =>
  until(
    async () => (await Promise.all(ids.map((id) => stateOf(service, id)))).filter((it) => it === 'trusted').length,
    n,
  )

/** A thread that does nothing for this long is taken for one that never will. */
const patience = { ...quick, requestMs: 5_000, judgeMs: 1_000, threadHeapMiB: 64 }

/** All over one service; its threads do what the poison says, and otherwise what the real ones do. */
function verifying(
  place: () => Promise<Place>,
  poisons: readonly (readonly [string, string])[],
  ownClock: boolean,
): void {
  let registry: TestRegistry
  let limited: TestRegistry
  let one: Running
  beforeAll(async () => {
    registry = await signed()
    limited = await signed()
    const insecure = `${registry.host} ${limited.host}`
    one = await startService(await place(), { insecure, file: poisoned, limits: patience })
  })
  afterAll(async () => {
    await one.stop()
    await registry.close()
    await limited.close()
  })
  const image = (name = 'app') => `${registry.host}/team/${name}:1.0.0`
  const count = async (table: 'verdict' | 'request_verdict' | 'record') =>
    (await one.database.db.selectFrom(table).selectAll().execute()).length

  test('what is asked for is verified, and its verdicts can be read', async () => {
    const [good, bad] = [await request(one, image()), await request(one, image('unsigned'))]
    await until(async () => [await stateOf(one, good), await stateOf(one, bad)], ['trusted', 'rejected'])
    const rows = await one.database.db
      .selectFrom('request_verdict')
      .select(['verdict', 'role'])
      .where('request_id', '=', good)
      .orderBy('place')
      .execute()
    expect(rows.map(({ role }) => role)).toEqual(['root', 'member', 'member'])
    for (const { verdict } of rows)
      expect((await findVerdict(one.database, fromColumn(verdict)))?.verdict.outcome).toBe('trusted')
    expect(one.errors).toEqual([])
  })

  test('R1: forty requests for one image are one set of verdicts, and each has its own record', async () => {
    await trusted(one, [await request(one, image())])
    const before = [await count('verdict'), await count('request_verdict'), await count('record')]
    await trusted(one, await Promise.all(many(40).map(() => request(one, image()))))
    const after = [await count('verdict'), await count('request_verdict'), await count('record')]
    expect(after.map((n, i) => n - (before[i] ?? 0))).toEqual([0, 120, 80])
  })

  test('R19: poison ends its thread, is parked after three attempts with its error, and the others go on', async () => {
    const poison = await Promise.all(poisons.map(([name]) => request(one, image(name))))
    await trusted(one, await Promise.all(many(20).map(() => request(one, image()))))
    await until(
      async () => Promise.all(poison.map((id) => stateOf(one, id))),
      poisons.map(() => 'parked'),
    )
    const rows = await Promise.all(poison.map((id) => one.requests.find(id)))
    expect(rows.map((row) => [row?.error?.code, row?.attempt])).toEqual(poisons.map(([, code]) => [code, 3]))
    await trusted(one, [await request(one, image())])
  }, 120_000)

  test('a request that is wrong in itself is done at once, with its problem', async () => {
    const id = await request(one, 'registry.example/app:1.0.0', { policy: { profile: 'auto' } })
    await until(() => stateOf(one, id), 'done')
    expect(await one.requests.find(id)).toMatchObject({ attempt: 1, error: { code: 'policy.missing' } })
  })

  // Beside a folder the database is of this very process, and so is its clock.
  test.runIf(ownClock)(
    "R9: the host's clock may jump: evidence bears the database's time, and no lease is lost",
    async () => {
      vi.useFakeTimers({ toFake: ['Date'] })
      try {
        const real = one.clock.now()
        for (const jump of [-3_600_000, 3_600_000]) {
          vi.setSystemTime(real + jump)
          const id = await request(one, image())
          await trusted(one, [id])
          const { rows } = await sql<{ off: string }>`
          SELECT abs(extract(epoch FROM max(at) - ${new Date(real)}::timestamptz)) AS off FROM meshproof.observation
          WHERE request_id = ${id} AND question LIKE '%resolve%'`.execute(one.database.db)
          expect(Number(rows[0]?.off)).toBeLessThan(600)
          expect((await one.requests.find(id))?.attempt).toBe(1)
        }
      } finally {
        vi.useRealTimers()
      }
    },
  )

  test('R10, F25: a registry that says 429 is left alone by every process; another one is asked', async () => {
    limited.setFault((_, response) => reply(response, 429, { 'retry-after': '120' }))
    const name = `${limited.host}/team/app:1.0.0`
    const first = await request(one, name)
    await until(() => stateOf(one, first), 'inconclusive')
    const asked = limited.requests.length
    expect(asked).toBeGreaterThan(0)
    // Another process begins without any memory but the table's.
    const { database, clock, config } = one
    const kept = {
      store: evidenceStore(database),
      lookups: lookupTable(database),
      waits: waitsTable(database),
      now: clock.now,
    }
    const other = keeperOf(config, {}, () => {}, kept)
    const { registry: ask } = await other.network([])
    const signal = AbortSignal.timeout(20_000)
    const told = await ask({ ask: 'resolve', image: name as Reference }, signal)
    expect(told).toMatchObject({ outcome: { failed: 'registry.rate-limited' } })
    expect(told.beside.retryAfter).toBeDefined()
    expect(limited.requests.slice(asked)).toEqual([])
    const another = await ask({ ask: 'resolve', image: image() as Reference }, signal)
    expect(another.outcome).toHaveProperty('found')
    await other.close()
  })
}

describe('over PGlite', () =>
  verifying(
    preparedFolder,
    [
      ['hogs', 'limit.memory'],
      ['throws', 'internal.crash'],
    ],
    false,
  ))

describe.skipIf(!hasPostgres)('over PostgreSQL', () => {
  let server: Postgres
  let registry: TestRegistry
  const running: Running[] = []
  beforeAll(async () => {
    server = await startPostgres()
    registry = await signed()
  })
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop()
  })
  afterAll(async () => {
    await server.stop()
    await registry.close()
  })
  const service = async (place: Place, more: Parameters<typeof startService>[1] = {}): Promise<Running> => {
    const one = await startService(place, { insecure: registry.host, ...more })
    running.push(one)
    return one
  }
  const fresh = async (more: Parameters<typeof startService>[1] = {}) =>
    service({ url: await server.createDatabase() }, more)
  const image = (name = 'app') => `${registry.host}/team/${name}:1.0.0`
  const verdicts = async ({ database: { db } }: Running) => ({
    records: (await db.selectFrom('record').select('id').where('kind', '=', 'verdict').execute()).length,
    verdicts: (await db.selectFrom('verdict').select('digest').execute()).length,
  })

  verifying(
    async () => ({ url: await server.createDatabase() }),
    [
      ['loops', 'limit.time'],
      ['hogs', 'limit.memory'],
      ['throws', 'internal.crash'],
      ['exits', 'internal.crash'],
    ],
    true,
  )

  test('a running request that is cancelled stays cancelled, and its thread is free again', async () => {
    const one = await fresh({ file: poisoned, limits: { ...quick, workerParallel: 1 } })
    const stuck = await request(one, image('loops'))
    await until(() => stateOf(one, stuck), 'running')
    expect(await one.requests.cancel(stuck, null)).toBe(true)
    await trusted(one, [await request(one, image())])
    expect(await stateOf(one, stuck)).toBe('cancelled')
  })

  test('R16: what a stopping process has not done is handed back, and was no try', async () => {
    const one = await fresh({ file: poisoned })
    const id = await request(one, image('loops'))
    await until(() => stateOf(one, id), 'running')
    await one.station?.stop(0)
    expect(await one.requests.find(id)).toMatchObject({ state: 'queued', attempt: 1, error: null })
    const row = await one.database.db.selectFrom('request').select('tries').where('id', '=', id).executeTakeFirst()
    expect(row).toEqual({ tries: 0 })
  })

  test.each([
    ['is killed', () => server.kill()],
    ['is shut down', () => server.shutDown()],
  ])('R4: a PostgreSQL that %s under load: 503 while it is away, then all is done', async (_, end) => {
    const one = await fresh()
    const ids = await Promise.all(many(30).map(() => request(one, image())))
    await end()
    const away = { code: 'database.unreachable', status: 503, retryAfter: '5' }
    await expect(request(one, image())).rejects.toMatchObject(away)
    await expect(one.requests.list({}, 1)).rejects.toMatchObject(away)
    await server.start()
    await trusted(one, ids)
    expect(await verdicts(one)).toEqual({ records: 30, verdicts: 3 })
  })

  test('two processes work on one queue, and each request is done once', async () => {
    const place = { url: await server.createDatabase() }
    const [one] = [await service(place), await service(place)]
    await trusted(one, await Promise.all(many(60).map(() => request(one, image()))))
    expect(await verdicts(one)).toEqual({ records: 60, verdicts: 3 })
  })
})
