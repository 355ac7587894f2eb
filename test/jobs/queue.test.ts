/** The queue port, the same on each backend; and R7: a queue that is gone is rebuilt from the rows. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bullQueue, prepareQueue } from '../../src/jobs/bullmq.ts'
import type { Queue } from '../../src/jobs/queue.ts'
import { startSweeper } from '../../src/jobs/sweeper.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { newId } from '../../src/store/id.ts'
import { Leases } from '../../src/store/leases.ts'
import { migrate } from '../../src/store/migrate.ts'
import { Requests } from '../../src/store/requests.ts'
import { hasPostgres, type Postgres, startPostgres } from '../store/postgres.ts'
import { preparedFolder } from '../store/prepared.ts'
import { hasRedis, type Redis, startRedis } from './redis.ts'
import { quick } from './service.ts'

const until = (what: () => unknown, value: unknown) => expect.poll(what, { timeout: 30_000 }).toEqual(value)

type Backend = 'pglite' | 'postgresql' | 'redis'
const there: Readonly<Record<Backend, boolean>> = {
  pglite: true,
  postgresql: hasPostgres,
  redis: hasRedis && hasPostgres,
}

describe.each(['pglite', 'postgresql', 'redis'] as const)('on %s', (backend) => {
  if (!there[backend]) {
    test.skip('not here', () => {})
    return
  }
  let server: Postgres | undefined
  let redis: Redis | undefined
  let database: Database
  const errors: unknown[] = []
  const open: Queue[] = []
  const newQueue = () => {
    const queue = bullQueue(
      redis === undefined ? { pool: database.queuePool } : { redis: redis.url },
      (error) => errors.push(error),
      { limits: quick },
    )
    open.push(queue)
    return queue
  }
  beforeAll(async () => {
    server = backend === 'pglite' ? undefined : await startPostgres()
    redis = backend === 'redis' ? await startRedis() : undefined
    const place = server === undefined ? await preparedFolder() : { url: await server.createDatabase() }
    database = await openDatabase(place, quick, (error) => errors.push(error))
    await migrate(database)
    if (redis === undefined) await prepareQueue(database.queuePool)
  })
  afterEach(async () => {
    for (const queue of open.splice(0)) await queue.close()
    await database.db
      .updateTable('request')
      .set({ state: 'cancelled', lease_until: null })
      .where('state', 'in', ['queued', 'running'])
      .execute()
  })
  afterAll(async () => {
    await database.close()
    await redis?.stop()
    await server?.stop()
  })
  const live = async (queue: Queue) => Object.values(await queue.counts()).reduce((sum, count) => sum + count, 0)
  const create = async (): Promise<string> => {
    const spec = Buffer.from('{}')
    const made = await new Requests(database, quick).create({ spec, subject: 'a', policy: 'b', principal: null })
    return 'id' in made ? made.id : ''
  }
  const leases = () => new Leases(database, quick)

  test('a job comes to a worker; adding it again while it lives does nothing, afterwards it may come again', async () => {
    const queue = newQueue()
    const id = newId()
    await queue.add([{ id, attempt: 0 }])
    await queue.add([{ id, attempt: 0 }])
    expect(await live(queue)).toBe(1)
    const seen: string[] = []
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await queue.work(async (job) => {
      seen.push(job)
      await held
    }, 2)
    await until(() => seen, [id])
    await queue.add([{ id, attempt: 0 }]) // runs
    release()
    await until(() => live(queue), 0)
    expect(seen).toEqual([id])
    await queue.add([{ id, attempt: 0 }])
    await until(() => seen, [id, id])
  })

  test('a handler that throws ends its job, and the others come', async () => {
    const queue = newQueue()
    const seen: string[] = []
    errors.length = 0
    await queue.work(async (id) => {
      seen.push(id)
      if (seen.length === 1) throw new Error('of the handler')
    }, 1)
    const ids = [newId(), newId()]
    await queue.add(ids.map((id) => ({ id, attempt: 0 })))
    await until(() => seen, ids)
    await until(() => live(queue), 0)
    expect(errors).toMatchObject([{ message: 'of the handler' }])
  })

  test('R3: a row without a job, and one whose worker has died, are added; a job without a row ends', async () => {
    const queue = newQueue()
    const [lost, died] = [await create(), await create()]
    await leases().claim(died, 1)
    const seen = new Set<string>()
    const nobody = newId()
    await queue.add([{ id: nobody, attempt: 0 }])
    await queue.work(async (id) => {
      const lease = await leases().claim(id, 60_000)
      if (lease !== undefined) seen.add(id)
    }, 2)
    const sweeper = startSweeper({ leases: leases(), queue, limits: quick, report: (error) => errors.push(error) })
    await until(() => [...seen].sort(), [lost, died].sort())
    await until(() => live(queue), 0)
    await sweeper.stop()
  })

  test('R3: more rows than a page of the sweep are all added at the start', async () => {
    const queue = newQueue()
    const ids = await Promise.all(Array.from({ length: 12 }, create))
    const small = { ...quick, sweepRows: 5 }
    const sweeper = startSweeper({ leases: leases(), queue, limits: small, report: (error) => errors.push(error) })
    await sweeper.first
    await sweeper.stop()
    expect(await live(queue)).toBe(ids.length)
    const seen = new Set<string>()
    await queue.work(async (id) => {
      seen.add(id)
    }, 2)
    await until(() => seen.size, ids.length)
  })

  test('chores are done now and then, and one that fails does not end the sweeper', async () => {
    const done: string[] = []
    errors.length = 0
    const chores = [
      { everyMs: 0, run: async () => done.push('first') },
      { everyMs: 0, run: () => Promise.reject(new Error('of a chore')) },
    ]
    const sweeper = startSweeper({
      leases: leases(),
      queue: newQueue(),
      limits: quick,
      report: (e) => errors.push(e),
      chores,
    })
    await expect.poll(() => done.length, { timeout: 30_000 }).toBeGreaterThan(2)
    await sweeper.stop()
    expect(errors[0]).toMatchObject({ message: 'of a chore' })
  })

  if (backend === 'redis') {
    const there = (): Redis => {
      if (redis === undefined) throw new Error('no Redis')
      return redis
    }
    const working = async () => {
      const queue = newQueue()
      const seen = new Set<string>()
      await queue.work(async (id) => {
        if ((await leases().claim(id, 60_000)) !== undefined) seen.add(id)
      }, 2)
      const parts = {
        leases: leases(),
        queue,
        limits: { ...quick, sweepRows: 5 },
        report: (e: unknown) => errors.push(e),
      }
      return { queue, seen, parts }
    }

    test('R7: a Redis that was flushed gets all back from the rows', async () => {
      const idle = newQueue()
      const ids = await Promise.all(Array.from({ length: 12 }, create))
      await idle.add(ids.map((id) => ({ id, attempt: 0 })))
      expect(await live(idle)).toBe(12)
      expect(await there().command('FLUSHALL')).toBe('+OK')
      expect(await live(idle)).toBe(0)
      const { seen, parts } = await working()
      const sweeper = startSweeper(parts)
      await until(() => seen.size, 12)
      // And once more while the sweeper is at work.
      const more = await Promise.all(Array.from({ length: 12 }, create))
      await there().command('FLUSHALL')
      await until(() => seen.size, 24)
      expect(more.every((id) => seen.has(id))).toBe(true)
      await sweeper.stop()
    })

    test('R7: while Redis is away requests are taken, nobody waits for it, and afterwards they run', async () => {
      const { queue, seen, parts } = await working()
      const sweeper = startSweeper(parts)
      await sweeper.first
      await there().kill()
      const ids = await Promise.all(Array.from({ length: 8 }, create))
      await expect(queue.add(ids.map((id) => ({ id, attempt: 0 })))).rejects.toThrow()
      expect(seen.size).toBe(0)
      await there().start()
      await until(() => seen.size, 8)
      await sweeper.stop()
    })
  }
})
