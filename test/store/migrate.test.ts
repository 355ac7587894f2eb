import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { limits } from '../../src/core/limits.ts'
import { bullQueue, prepareQueue } from '../../src/jobs/bullmq.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { evidenceStore } from '../../src/store/evidence.ts'
import { Leases } from '../../src/store/leases.ts'
import { migrate, pending } from '../../src/store/migrate.ts'
import { Requests } from '../../src/store/requests.ts'
import { filesIn, read, root } from '../repository/files.ts'
import { hasPostgres, type Postgres, startPostgres } from './postgres.ts'

const folder = mkdtempSync(join(tmpdir(), 'meshproof-migrations-'))
afterAll(() => rmSync(folder, { recursive: true }))

let copies = 0
function migrations(more: Readonly<Record<string, string>> = {}): string {
  const copy = join(folder, String(++copies))
  cpSync(join(root, 'migrations'), copy, { recursive: true })
  for (const [name, text] of Object.entries(more)) writeFileSync(join(copy, name), text)
  return copy
}

const quiet = () => {}
const all = filesIn('migrations').map((path) => path.slice('migrations/'.length))

test('every file of migrations is one that the migrator reads, numbered without a gap', () => {
  expect(all.length).toBeGreaterThan(0)
  for (const [i, name] of all.entries())
    expect(name).toMatch(new RegExp(`^${String(i + 1).padStart(4, '0')}_[a-z_]+\\.sql$`))
})

function migrating(open: () => Promise<Database>): void {
  test('R21: applies what is missing, once; a file that changed, is unknown or lacks its turn is refused', async () => {
    const database = await open()
    expect(await pending(database, migrations())).toEqual(all)
    expect(await migrate(database, migrations())).toEqual(all)
    expect(await migrate(database, migrations())).toEqual([])
    const next = `${String(all.length + 1).padStart(4, '0')}_next.sql`
    const more = migrations({ [next]: 'CREATE TABLE next (a integer);' })
    expect(await pending(database, more)).toEqual([next])
    expect(await migrate(database, more)).toEqual([next])
    await expect(migrate(database, migrations())).rejects.toMatchObject({
      code: 'database.newer',
      parameters: { found: next },
    })
    const changed = migrations({ [next]: 'CREATE TABLE next (a text);' })
    await expect(migrate(database, changed)).rejects.toMatchObject({ code: 'database.changed' })
    await expect(pending(database, changed)).rejects.toMatchObject({ code: 'database.changed' })
    const before = migrations({ [next]: 'CREATE TABLE next (a integer);', '0001_aaa.sql': 'SELECT 1;' })
    await expect(migrate(database, before)).rejects.toMatchObject({ code: 'database.newer' })
    await database.close()
  })

  test('R21: a file that fails leaves nothing of itself', async () => {
    const database = await open()
    const next = `${String(all.length + 1).padStart(4, '0')}_next.sql`
    const broken = migrations({ [next]: 'CREATE TABLE half (a integer); SELECT 1/0;' })
    await expect(migrate(database, broken)).rejects.toMatchObject({ code: '22012' })
    expect(await migrate(database, migrations())).toEqual([])
    const { rows } = await database.pool.query("SELECT to_regclass('meshproof.half') AS half")
    expect(rows).toEqual([{ half: null }])
    await database.close()
  })
}

describe('over PGlite', () => {
  migrating(() => openDatabase({ folder: undefined }, limits, quiet))
})

describe.skipIf(!hasPostgres)('over PostgreSQL', () => {
  let server: Postgres
  const open = async () => openDatabase({ url: await server.createDatabase() }, limits, quiet)
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())
  migrating(open)

  test('R21: of four starters one applies each file, and none fails', async () => {
    const url = await server.createDatabase()
    const starters = await Promise.all(Array.from({ length: 4 }, () => openDatabase({ url }, limits, quiet)))
    const applied = await Promise.all(
      starters.map(async (database) => {
        const names = await migrate(database)
        await prepareQueue(database.queuePool)
        return names
      }),
    )
    expect(applied.flat().sort()).toEqual(all)
    await Promise.all(starters.map((database) => database.close()))
  })

  test('R21: a starter waits for one whose migration takes longer than a statement may', async () => {
    const url = await server.createDatabase()
    const short = { ...limits, statementMs: 200 }
    const [one, two] = await Promise.all([openDatabase({ url }, short, quiet), openDatabase({ url }, short, quiet)])
    const slow = migrations({ [`${String(all.length + 1).padStart(4, '0')}_slow.sql`]: 'SELECT pg_sleep(1);' })
    const applied = await Promise.all([migrate(one, slow), migrate(two, slow)])
    expect(applied.flat()).toHaveLength(all.length + 1)
    await Promise.all([one.close(), two.close()])
  })

  test('R21: a migrator that is killed on its way leaves the database as it was', async () => {
    const url = await server.createDatabase()
    const database = await openDatabase({ url }, limits, quiet)
    const slow = migrations({
      [`${String(all.length + 1).padStart(4, '0')}_slow.sql`]: 'CREATE TABLE half (a int); SELECT pg_sleep(60);',
    })
    await migrate(database)
    const script = `
      import { openDatabase } from ${JSON.stringify(join(root, 'src/store/database.ts'))}
      import { migrate } from ${JSON.stringify(join(root, 'src/store/migrate.ts'))}
      import { limits } from ${JSON.stringify(join(root, 'src/core/limits.ts'))}
      const database = await openDatabase({ url: ${JSON.stringify(url)} }, limits, () => {})
      await migrate(database, ${JSON.stringify(slow)})`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })
    const sleeping = async () => {
      const { rows } = await database.pool.query(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
      )
      return rows[0]?.['n'] === 1
    }
    await expect.poll(sleeping, { timeout: 20_000 }).toBe(true)
    child.kill('SIGKILL')
    // The server learns of it when the sleep ends; an administrator does not wait.
    await server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    expect(await migrate(database)).toEqual([])
    const { rows } = await database.pool.query("SELECT to_regclass('meshproof.half') AS half")
    expect(rows).toEqual([{ half: null }])
    await database.close()
  })

  test("the service's own role needs no DDL, and cannot rewrite a record", async () => {
    const url = await server.createDatabase()
    const name = new URL(url).pathname.slice(1)
    const blocks = [...read('docs/postgresql.md').matchAll(/```sql\n([\s\S]*?)```/g)].map(([, text]) => text ?? '')
    expect(blocks).toHaveLength(2)
    await server.query((blocks[0] ?? '').replace(':database', name))
    const as = (role: string) => url.replace('owner@', `${role}@`)
    const migrator = await openDatabase({ url: as('meshproof_migrator') }, limits, quiet)
    await migrate(migrator)
    await prepareQueue(migrator.queuePool)
    await migrator.pool.query(blocks[1] ?? '')
    await migrator.close()

    const errors: unknown[] = []
    const database = await openDatabase({ url: as('meshproof_service') }, limits, (error) => errors.push(error))
    expect(await pending(database)).toEqual([])
    const requests = new Requests(database)
    const spec = Buffer.from('{}')
    const made = await requests.create({ spec, subject: 'a', policy: 'b', principal: null })
    const id = 'id' in made ? made.id : ''
    await evidenceStore(database).put(Buffer.from('evidence'), 'text/plain')
    const queue = bullQueue({ pool: database.queuePool }, (error) => errors.push(error))
    await queue.add([{ id, attempt: 0 }])
    const worked = new Promise<string>((resolve) => {
      void queue.work(async (job) => resolve(job), 1)
    })
    expect(await worked).toBe(id)
    const lease = await new Leases(database).claim(id, 60_000)
    expect(lease).toMatchObject({ id, attempt: 1 })
    await requests.cancel(id, null)
    await queue.close()
    await database.close()
    expect(errors).toEqual([])

    const client = new pg.Client({ connectionString: as('meshproof_service') })
    await client.connect()
    const denied = { code: '42501' }
    for (const text of [
      'CREATE TABLE meshproof.mine (a integer)',
      'CREATE TABLE bullmq.mine (a integer)',
      'CREATE SCHEMA mine',
      'DROP TABLE meshproof.finding',
      'ALTER TABLE meshproof.record DISABLE TRIGGER ALL',
      "UPDATE meshproof.record SET kind = 'other'",
      'DELETE FROM meshproof.record',
      'TRUNCATE meshproof.record',
      'DELETE FROM meshproof.migration',
    ])
      await expect(client.query(text), text).rejects.toMatchObject(denied)
    await client.end()
  })
})
