/** R6: a disk without room. Needs to mount a small tmpfs, which only root may. */
import { spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { limits } from '../../src/core/limits.ts'
import { openDatabase } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { Requests } from '../../src/store/requests.ts'
import { hasPostgres, runner, startPostgres } from './postgres.ts'

const folder = mkdtempSync(join(tmpdir(), 'meshproof-full-'))
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=777', 'tmpfs', folder]).status === 0
if (!mounted) console.warn('R6 skipped: a small tmpfs cannot be mounted here')
afterAll(() => {
  if (mounted) spawnSync('umount', ['-l', folder])
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(!mounted || !hasPostgres)('over PostgreSQL', () => {
  test('R6: nothing is acknowledged that is not stored, reads go on, and it recovers without hands', async () => {
    const server = await startPostgres()
    const url = await server.createDatabase()
    const database = await openDatabase({ url }, limits, () => {})
    await migrate(database)
    // Only the rows of evidence and requests are on the small disk: its write-ahead log would take the server down.
    const { uid = 0, gid = 0 } = runner()
    chownSync(folder, uid, gid)
    await server.query(`CREATE TABLESPACE small LOCATION '${folder}'`)
    await server.query('ALTER TABLE meshproof.request SET TABLESPACE small', new URL(url).pathname.slice(1))
    const requests = new Requests(database, limits)
    // Random, so that it is kept as it is and not compressed.
    const spec = () =>
      Buffer.from(
        JSON.stringify({ filler: Buffer.from(crypto.getRandomValues(new Uint8Array(48_000))).toString('base64') }),
      )
    const ask = () => requests.create({ spec: spec(), subject: 'a', policy: 'b', principal: null })
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(8 << 20))
    const acknowledged: string[] = []
    let refused: unknown
    for (let i = 0; i < 2_000 && refused === undefined; i++)
      await ask().then(
        (made) => 'id' in made && acknowledged.push(made.id),
        (error: unknown) => {
          refused = error
        },
      )
    expect(refused).toMatchObject({ code: 'database.full', status: 503, retryAfter: '30' })
    const stored = async () => (await database.db.selectFrom('request').select('id').execute()).map(({ id }) => id)
    expect((await stored()).sort()).toEqual([...acknowledged].sort())
    const records = await database.db.selectFrom('record').select('id').execute()
    expect(records).toHaveLength(acknowledged.length)
    rmSync(join(folder, 'ballast'))
    const made = await ask()
    expect(await stored()).toContain('id' in made ? made.id : '')
    await database.close()
    await server.stop()
  })
})
