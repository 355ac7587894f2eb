/** F28: whatever was judged once is judged again from the database alone: alone in the world, a year later, to the same bytes. */
import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { limits } from '../../src/core/limits.ts'
import { loadDemo } from '../../src/jobs/demo.ts'
import type { ReplayedPage } from '../../src/jobs/replay-all.ts'
import { type Database, openDatabase, type Place } from '../../src/store/database.ts'
import { meshproof, scratch } from '../cli/process.ts'
import { keepOne } from '../golden/many.ts'
import { hasPostgres, type Postgres, startPostgres } from '../store/postgres.ts'
import { preparedFolder } from '../store/prepared.ts'
import { startService } from './service.ts'

const room = scratch()
afterAll(() => room.remove())

const alone = new URL('./alone.ts', import.meta.url).href
const hasNamespaces = spawnSync('unshare', ['-rn', 'true']).status === 0

type Copy = { readonly place: Place; readonly env: Readonly<Record<string, string>> }
type All = Omit<ReplayedPage, 'differ' | 'broken' | 'next'> & { readonly differ: number; readonly broken: number }

describe('over PGlite', () => {
  let folder: string
  proving(
    async () => {
      folder = (await preparedFolder()).folder
      return { folder }
    },
    async () => {
      const copy = join(room.path, 'copy')
      cpSync(folder, copy, { recursive: true })
      return { place: { folder: copy }, env: { MESHPROOF_DATA: copy } }
    },
    hasNamespaces ? ['unshare', '-rn'] : [],
  )
})

describe.skipIf(!hasPostgres)('over PostgreSQL', () => {
  let server: Postgres
  let url: string
  beforeAll(async () => {
    server = await startPostgres()
    url = await server.createDatabase()
  })
  afterAll(() => server.stop())
  proving(async () => ({ url }), async () => {
    const { pathname } = new URL(url)
    await server.query(`CREATE DATABASE copy TEMPLATE ${pathname.slice(1)}`)
    const copy = url.replace(pathname, '/copy')
    return { place: { url: copy }, env: { DATABASE_URL: copy } }
  }, [])
})

function proving(place: () => Promise<Place>, copied: () => Promise<Copy>, within: readonly string[]): void {
  const many = 24
  let copy: Copy
  let ids: readonly string[]
  let before: readonly object[]
  beforeAll(async () => {
    const first = await startService(await place(), { work: false })
    await loadDemo(first, null)
    const kept: string[] = []
    for (let i = 0; i < many; i++) kept.push(await keepOne(first.database, i))
    ids = kept
    before = await rowsOf(first.database)
    await first.stop()
    copy = await copied()
    await withCopy(async ({ pool }) => {
      for (const table of ['request_verdict', 'finding', 'verdict']) await pool.query(`DELETE FROM meshproof.${table}`)
    })
  })

  const withCopy = async <T>(work: (database: Database) => Promise<T>): Promise<T> => {
    const database = await openDatabase(copy.place, limits, () => {})
    try {
      return await work(database)
    } finally {
      await database.close()
    }
  }
  const inCopy = (text: string, values: readonly unknown[] = []) => withCopy(({ pool }) => pool.query(text, values))
  const replayAll = async (...flags: readonly string[]) => {
    const how = { env: copy.env, node: ['--import', alone], within }
    const { code, stdout, stderr } = await meshproof(['replay', '--all', '-o', 'json', ...flags], how)
    expect(stderr).toBe('')
    const lines = stdout.trimEnd().split('\n')
    return { code, all: JSON.parse(lines.pop() ?? '') as All, told: lines.map((line) => JSON.parse(line) as unknown) }
  }
  const whole = { requests: many + 4, verdicts: many + 12, same: many + 12, otherRules: 0, differ: 0, broken: 0 }

  test('F28 without a row of a verdict, every verdict comes to its own bytes', async () => {
    const outcomes = new Set(
      before.flatMap((row) => ('holds_until' in row && 'outcome' in row ? [String(row.outcome)] : [])),
    )
    expect([...outcomes].sort()).toEqual(['inconclusive', 'rejected', 'trusted'])
    const { code, all, told } = await replayAll()
    expect([code, told]).toEqual([0, []])
    expect(all).toEqual({ ...whole, lost: many + 12, restored: 0 })
  })

  test('F28 one byte of one row of evidence is changed: that digest is named, and nothing else is touched', async () => {
    const [id] = ids
    const { rows } = await inCopy(
      "SELECT encode(digest, 'hex') AS digest FROM meshproof.observation WHERE request_id = $1 AND digest IS NOT NULL",
      [id],
    )
    const digest = String(rows[0]?.['digest'])
    const change = () =>
      inCopy(
        "UPDATE meshproof.evidence SET bytes = set_byte(bytes, 7, get_byte(bytes, 7) # 1) WHERE digest = decode($1, 'hex')",
        [digest],
      )
    await change()
    const { code, all, told } = await replayAll()
    const broken = { request: id, subject: expect.any(String), code: 'store.altered', found: `sha256:${digest}` }
    expect([code, told]).toEqual([3, [{ broken }]])
    expect(all).toMatchObject({ requests: many + 4, verdicts: many + 11, same: many + 11, differ: 0, broken: 1 })
    await change()
  })

  test('what was kept of a request is changed: a verdict that is another one, or nothing that can be read', async () => {
    const [, , , other, third] = ids
    const result = async (id: string | undefined, edit: (text: string) => string) => {
      const { rows } = await inCopy('SELECT result FROM meshproof.request WHERE id = $1', [id])
      const bytes = rows[0]?.['result'] as Buffer
      await inCopy('UPDATE meshproof.request SET result = $2 WHERE id = $1', [id, Buffer.from(edit(bytes.toString()))])
      return () => inCopy('UPDATE meshproof.request SET result = $2 WHERE id = $1', [id, bytes])
    }
    // The same evidence, for an artifact that nobody asked about.
    const unknown = (text: string) => text.replaceAll(/"subject":"sha256:[0-9a-f]{8}/g, '"subject":"sha256:00000000')
    const undo = [await result(other, unknown), await result(third, (text) => text.slice(1))]
    const { code, all, told } = await replayAll()
    expect(code).toBe(1)
    expect(told).toMatchObject([
      { differs: { request: other, was: 'trusted', is: 'rejected' } },
      { broken: { request: third, code: 'store.unreadable' } },
    ])
    expect(all).toMatchObject({ same: many + 10, differ: 1, broken: 1 })
    for (const one of undo) await one()
  })

  test('the rows of verdicts and findings are written again, to what they were', { timeout: 300_000 }, async () => {
    expect(await replayAll('--restore')).toMatchObject({ code: 0, all: { restored: many + 12 } })
    expect(await withCopy(rowsOf)).toEqual(before)
    await inCopy('UPDATE meshproof.verdict SET bytes = set_byte(bytes, 7, get_byte(bytes, 7) # 1) WHERE outcome = $1', [
      'inconclusive',
    ])
    const altered = await replayAll()
    expect(altered.code).toBe(3)
    expect(altered.told).toContainEqual({ broken: expect.objectContaining({ code: 'store.altered' }) })
    expect((await replayAll('--restore')).code).toBe(0)
    expect(await withCopy(rowsOf)).toEqual(before)
    expect(await replayAll()).toMatchObject({ code: 0, all: { ...whole, lost: 0, restored: 0 } })
  })
}

/** Every row that follows from the requests, but for when it was written. */
async function rowsOf({ db }: Database): Promise<readonly object[]> {
  const verdicts = await db.selectFrom('verdict').selectAll().orderBy('digest').execute()
  return [
    ...verdicts.map(({ created_at: _, ...row }) => row),
    ...(await db.selectFrom('finding').selectAll().orderBy('verdict').orderBy('place').execute()),
    ...(await db.selectFrom('request_verdict').selectAll().orderBy('request_id').orderBy('place').execute()),
  ]
}

test('whoever is alone reaches nobody, and a year has gone by', () => {
  const run = (code: string) =>
    spawnSync(process.execPath, ['--import', alone, '--input-type=module', '-e', code], { encoding: 'utf8' })
  expect(run('console.log(new Date(Date.now()).getTime())').stdout.trim()).toMatch(/^\d{13}$/)
  expect(Number(run('console.log(Date.now())').stdout) - Date.now()).toBeGreaterThan(364 * 24 * 60 * 60_000)
  const tries = [
    "await fetch('http://127.0.0.1:8009/').catch(() => {})",
    "import { connect } from 'node:net'; connect(8009, '127.0.0.1').on('error', () => {})",
    "import { lookup } from 'node:dns/promises'; await lookup('registry.example').catch(() => {})",
    "import { Worker } from 'node:worker_threads'; new Worker(new URL(\"data:text/javascript,import{connect}from'node:net';connect(8009,'127.0.0.1').on('error',()=>{})\"))",
  ]
  for (const one of tries) expect(run(one).signal, one).toBe('SIGKILL')
})
