/** R6: a disk without room. Needs to mount a small tmpfs, which only root may. */
import { fork, spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { limits } from '../../src/core/limits.ts'
import { openDatabase, type Place } from '../../src/store/database.ts'
import { isTrouble } from '../../src/store/trouble.ts'
import { policyWith } from '../server/scene.ts'
import { type Running, start } from '../server/service.ts'
import { hasPostgres, runner, startPostgres } from './postgres.ts'
import { preparedFolder } from './prepared.ts'

const mounted: string[] = []
/** A disk of so many MiB, or undefined where none can be had. */
function disk(mib: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-full-'))
  mounted.push(folder)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=777`, 'tmpfs', folder])
  return status === 0 ? folder : undefined
}
const rows = disk(24)
const folders = disk(128)
const crowded = disk(64)
const can = rows !== undefined && folders !== undefined && crowded !== undefined
if (!can) console.warn('R6 skipped: a small tmpfs cannot be mounted here')
afterAll(() => {
  for (const folder of mounted) {
    spawnSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true, force: true })
  }
})

const MiB = 1 << 20
const freeOf = (folder: string) => {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
/** All but so many bytes are somebody else's. */
const fill = (folder: string, left: number) =>
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(Math.max(0, freeOf(folder) - left)))

const quick = {
  sweepMs: 300,
  sweepAgainMs: 100,
  requestBackoffMs: 50,
  leaseMs: 10_000,
  leaseRenewMs: 1_000,
  jobLockMs: 2_000,
  workerParallel: 2,
  diskReserveBytes: 8 * MiB,
  sessionTouchMs: 0,
}

/** A service with work to do meets a full disk; `crowd` makes it one but for a few MiB, and `room` undoes that. */
async function meetsAFullDisk(place: Place, crowd: (running: Running) => Promise<void>, room: () => void) {
  const errors: unknown[] = []
  const running = await start({ place, limits: quick, report: (error) => errors.push(error) })
  onTestFinished(running.close)
  const { db } = running.service.database
  let n = 0
  const post = () =>
    running.ask('POST', '/api/v1/verifications', {
      body: {
        subject: { digest: `sha256:${String(++n).padStart(64, '0')}` },
        policy: policyWith(),
        // Random, so that it is kept as it is and not compressed.
        given: [{ bundle: { base64: Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString('base64') } }],
      },
    })
  const stored = async () => (await db.selectFrom('request').select('id').execute()).map(({ id }) => id).sort()
  await crowd(running)
  const acknowledged: string[] = []
  let got = await post()
  for (; got.status === 202 && n < 2_000; got = await post()) acknowledged.push(got.json().id)
  expect([got.status, got.problem.code, got.headers['retry-after']]).toEqual([503, 'database.full', '30'])
  expect(acknowledged.length).toBeGreaterThan(0)

  // Nothing is acknowledged that is not stored, nothing stored that was refused, and all can be read.
  expect(await stored()).toEqual(acknowledged.toSorted())
  const records = await db.selectFrom('record').select('id').where('kind', '=', 'request').execute()
  expect(records).toHaveLength(acknowledged.length)
  for (const path of [`/api/v1/verifications/${acknowledged[0]}`, '/api/v1/verifications', '/livez'])
    expect([path, (await running.ask('GET', path)).status]).toEqual([path, 200])

  room()
  got = await post()
  for (; got.status === 503; got = await post()) expect(got.problem.code).toBe('database.full')
  acknowledged.push(got.json().id)
  const done = async () => (await db.selectFrom('request').select('id').where('state', '=', 'done').execute()).length
  await expect.poll(done, { timeout: 60_000 }).toBe(acknowledged.length)
  expect(await stored()).toEqual(acknowledged.toSorted())
  expect(errors.filter((error) => !isTrouble(error) && !isFull(error))).toEqual([])
}

/** As the queue hears it, which has no faults of ours, or as that is told. */
const isFull = (error: unknown): boolean =>
  error instanceof Error && (('code' in error && /^53[12]00$/.test(String(error.code))) || isFull(error.cause))

describe.skipIf(!can)('over PGlite', () => {
  const small = folders ?? ''
  const place = { folder: join(small, 'data') }

  test('R6: nothing is acknowledged that is not stored, reads go on, and it recovers without hands', async () => {
    await meetsAFullDisk(
      await preparedFolder(place.folder),
      async () => fill(small, quick.diskReserveBytes + 6 * MiB),
      () => rmSync(join(small, 'ballast')),
    )
  })

  test('R6: on a full disk it does not even start, and says why', async () => {
    fill(small, quick.diskReserveBytes / 2)
    const full = { code: 'database.full', status: 503 }
    await expect(openDatabase(place, { ...limits, ...quick }, () => {})).rejects.toMatchObject(full)
    rmSync(join(small, 'ballast'))
    await (await openDatabase(place, { ...limits, ...quick }, () => {})).close()
  })

  // Somebody else took the last of it at once: PostgreSQL panics, and PGlite alone would hang for ever.
  test('R6: a database that has ended itself ends its process with a code, and nothing is lost', async () => {
    const folder = join(crowded ?? '', 'data')
    mkdirSync(folder)
    const child = fork(join(import.meta.dirname, 'panics.ts'), [folder], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    const acknowledged: string[] = []
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said += String(chunk)
    })
    child.on('message', (message: 'ready' | { readonly id: string }) => {
      if (message === 'ready') {
        fill(crowded ?? '', 0)
        child.send('crowded')
      } else acknowledged.push(message.id)
    })
    const code = await new Promise((ended) => child.once('close', ended))
    expect([code, said]).toEqual([3, expect.stringContaining('database.stopped')])
    expect(acknowledged.length).toBeGreaterThan(10)
    rmSync(join(crowded ?? '', 'ballast'))
    const database = await openDatabase({ folder }, { ...limits, diskReserveBytes: 0 }, () => {})
    const found = await database.db.selectFrom('request').select('id').execute()
    expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining(acknowledged))
    await database.close()
  })
})

describe.skipIf(!can || !hasPostgres)('over PostgreSQL', () => {
  test('R6: nothing is acknowledged that is not stored, reads go on, and it recovers without hands', async () => {
    const server = await startPostgres()
    onTestFinished(server.stop)
    const url = await server.createDatabase()
    const small = rows ?? ''
    // Only the rows of requests are on the small disk: its write-ahead log would take the server down.
    const { uid = 0, gid = 0 } = runner()
    chownSync(small, uid, gid)
    await server.query(`CREATE TABLESPACE small LOCATION '${small}'`)
    await meetsAFullDisk(
      { url },
      async () => {
        await server.query('ALTER TABLE meshproof.request SET TABLESPACE small', new URL(url).pathname.slice(1))
        fill(small, 3 * MiB)
      },
      () => rmSync(join(small, 'ballast')),
    )
  })
})
