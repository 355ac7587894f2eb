import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { overEachDatabase } from './databases.ts'

overEachDatabase(({ kind, database, server, errors }) => {
  const count = async () => {
    const rows = await database().db.selectFrom('artifact').select('digest').execute()
    return rows.length
  }
  const artifact = (byte: number) => ({ digest: Buffer.alloc(32, byte), first_seen: new Date(0) })
  const misuse = /only its own handle/

  test('a transaction stands whole or not at all', async () => {
    const before = await count()
    const failing = database().transaction(async (tx) => {
      await tx.insertInto('artifact').values(artifact(1)).execute()
      throw new Error('on the way')
    })
    await expect(failing).rejects.toThrow('on the way')
    expect(await count()).toBe(before)
    await database().transaction((tx) => tx.insertInto('artifact').values(artifact(1)).execute())
    expect(await count()).toBe(before + 1)
  })

  test('inside a transaction the database, another transaction and the queue are refused, not waited for', async () => {
    const inside = <T>(work: () => Promise<T>) => database().transaction(() => work())
    await expect(inside(() => count())).rejects.toThrow(misuse)
    await expect(inside(() => database().transaction(async () => {}))).rejects.toThrow(misuse)
    await expect(inside(async () => database().queuePool.query('SELECT 1'))).rejects.toThrow(misuse)
    await expect(inside(async () => database().queuePool.connect())).rejects.toThrow(misuse)
    expect(await count()).toBeGreaterThanOrEqual(0)
  })

  test('what a transaction started and left running may use the database once it has ended', async () => {
    let later: Promise<number> | undefined
    let end = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    await database().transaction(async (tx) => {
      later = ended.then(() => count())
      await tx.selectFrom('artifact').select('digest').execute()
    })
    end()
    expect(await later).toBeGreaterThanOrEqual(0)
  })

  test('queries beside an open transaction wait for it, and see what it committed', async () => {
    const order: string[] = []
    const one = database().transaction(async (tx) => {
      await tx.insertInto('artifact').values(artifact(2)).execute()
      await sleep(20)
      await tx.insertInto('artifact').values(artifact(3)).execute()
      order.push('first')
    })
    const two = database().transaction(async (tx) => {
      const rows = await tx.selectFrom('artifact').select('digest').where('digest', '=', Buffer.alloc(32, 2)).execute()
      order.push(`second ${rows.length}`)
    })
    await Promise.all([one, two])
    expect(order).toContain('first')
    if (kind === 'pglite') expect(order).toEqual(['first', 'second 1'])
    expect(await count()).toBeGreaterThanOrEqual(2)
  })

  test('a session that goes with its transaction open leaves nothing behind', async () => {
    const before = await count()
    const client = await database().pool.connect()
    await client.query('BEGIN')
    await client.query("INSERT INTO meshproof.artifact VALUES (sha256('left'), now())")
    client.release(true)
    expect(await count()).toBe(before)
  })

  test('a failure undone to a savepoint does not spoil the commit', async () => {
    const client = await database().pool.connect()
    await client.query('BEGIN')
    await client.query("INSERT INTO meshproof.artifact VALUES (sha256('kept'), now())")
    await client.query('SAVEPOINT here')
    await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' })
    await client.query('ROLLBACK TO SAVEPOINT here')
    expect(await client.query('COMMIT')).toMatchObject({ command: 'COMMIT' })
    client.release()
  })

  test('a commit of a failed transaction says that it was none', async () => {
    const client = await database().pool.connect()
    await client.query('BEGIN')
    await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' })
    expect(await client.query('COMMIT')).toMatchObject({ command: 'ROLLBACK' })
    client.release()
  })

  test('T102: of two transactions that wait for each other one is ended, and begins again', async () => {
    await database().transaction((tx) =>
      tx
        .insertInto('artifact')
        .values([artifact(10), artifact(11)])
        .execute(),
    )
    let holding = 0
    const touch = (first: number, second: number) => {
      let runs = 0
      return database()
        .transaction(async (tx) => {
          runs++
          for (const byte of [first, second]) {
            await tx
              .updateTable('artifact')
              .set({ first_seen: new Date(byte) })
              .where('digest', '=', Buffer.alloc(32, byte))
              .execute()
            // Each goes on once the other has its first as well; on PGlite the other one waits for all of this.
            if (byte === first) holding++
            for (let i = 0; i < 50 && holding < 2; i++) await sleep(10)
          }
        })
        .then(() => runs)
    }
    const runs = await Promise.all([touch(10, 11), touch(11, 10)])
    expect(runs[0] + runs[1]).toBe(kind === 'postgresql' ? 3 : 2)
  })

  test('values come back as the same types', async () => {
    const { rows } = await sql<Record<string, unknown>>`SELECT
      1::int2 AS int2, 1::int4 AS int4, 9007199254740993::int8 AS int8, 1.5::numeric AS numeric, 1.5::float8 AS float8,
      'a'::text AS text, true AS bool, '\\x00ff'::bytea AS bytea, null::text AS nothing,
      '2026-11-25T12:00:00.123Z'::timestamptz AS at, '2026-11-25'::date AS day,
      '01890000-0000-7000-8000-000000000000'::uuid AS uuid, '{"b":1,"a":[1.50]}'::jsonb AS jsonb,
      array[1,2]::int4[] AS int4s, array[1,2]::int8[] AS int8s, array['a','b']::text[] AS texts,
      array['\\x00'::bytea] AS byteas, count(*) AS count`.execute(database().db)
    expect(rows).toEqual([
      {
        int2: 1,
        int4: 1,
        int8: '9007199254740993',
        numeric: '1.5',
        float8: 1.5,
        text: 'a',
        bool: true,
        bytea: Buffer.from([0, 255]),
        nothing: null,
        at: new Date('2026-11-25T12:00:00.123Z'),
        day: new Date(2026, 10, 25),
        uuid: '01890000-0000-7000-8000-000000000000',
        jsonb: { b: 1, a: [1.5] },
        int4s: [1, 2],
        int8s: ['1', '2'],
        texts: ['a', 'b'],
        byteas: [Buffer.from([0])],
        count: '1',
      },
    ])
    expect(Buffer.isBuffer(rows[0]?.['bytea'])).toBe(true)
  })

  test('what was deleted is vacuumed, beside everything else', async () => {
    const { db } = database()
    await sql`CREATE TABLE meshproof.litter AS SELECT n FROM generate_series(1, 1000) n`.execute(db)
    await sql`DELETE FROM meshproof.litter`.execute(db)
    const size = async () => {
      const { rows } = await sql<{ size: number }>`SELECT pg_relation_size('meshproof.litter')::int4 AS size`.execute(
        db,
      )
      return rows[0]?.size
    }
    expect(await size()).toBeGreaterThan(0)
    await sql`VACUUM ANALYZE`.execute(db)
    expect(await size()).toBe(0)
    await sql`DROP TABLE meshproof.litter`.execute(db)
  })

  test('what is told on a channel arrives', async () => {
    const client = (await database().queuePool.connect()) as Awaited<
      ReturnType<ReturnType<typeof database>['queuePool']['connect']>
    > & { on(event: 'notification', heard: (told: { channel: string; payload?: string }) => void): void }
    const heard = new Promise((resolve) => client.on('notification', resolve))
    await client.query('LISTEN "some_channel"')
    await database().pool.query("SELECT pg_notify('some_channel', 'hello')")
    expect(await heard).toMatchObject({ channel: 'some_channel', payload: 'hello' })
    await client.query('UNLISTEN "some_channel"')
    client.release(true)
  })

  if (kind === 'pglite')
    test('a transaction without a client is refused: all would fall into it', async () => {
      await expect(database().pool.query('BEGIN')).rejects.toThrow('a client of its own')
      expect(await count()).toBeGreaterThanOrEqual(0)
    })

  if (kind === 'postgresql')
    test('R4: a session that the server ends while it idles in a transaction ends nothing else', async () => {
      errors.length = 0
      const broken = database().transaction(async (tx) => {
        const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(tx)
        await server().query(`SELECT pg_terminate_backend(${rows[0]?.pid})`)
        await sleep(100)
        await tx.selectFrom('artifact').select('digest').execute()
      })
      await expect(broken).rejects.toMatchObject({ code: 'database.unreachable', status: 503, retryAfter: '5' })
      expect(errors).not.toEqual([])
      expect(await count()).toBeGreaterThanOrEqual(0)
    })
})
