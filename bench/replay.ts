import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { limits } from '../src/core/limits.ts'
import { prepareQueue } from '../src/jobs/bullmq.ts'
import { type Database, openDatabase } from '../src/store/database.ts'
import { migrate } from '../src/store/migrate.ts'
import { keepOne } from '../test/golden/many.ts'

/**
 * F28: so many stored verdicts are judged again by `meshproof replay --all`, in a copy of the database from which every
 * row of a verdict or finding was deleted, by a process that has no network (a namespace of its own where the system gives
 * one, and in any case none that would not end it), a year later. Then one byte of one row of evidence is changed.
 */
export async function replays(count = 10_000): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-bench-'))
  const [data, copy] = [join(folder, 'data'), join(folder, 'copy')]
  try {
    await within(data, async (database) => {
      await migrate(database)
      await prepareQueue(database.queuePool)
      for (let i = 0; i < count; i++) await keepOne(database, i)
    })
    cpSync(data, copy, { recursive: true })
    await within(copy, async ({ pool }) => {
      for (const table of ['request_verdict', 'finding', 'verdict']) await pool.query(`DELETE FROM meshproof.${table}`)
    })
    const whole = replayAll(copy)
    const isWhole = whole.code === 0 && whole.all['verdicts'] === count && whole.all['same'] === count
    console.log(
      `replay of ${count} stored verdicts, their own rows deleted, ${whole.place}, a year later: ${(count / whole.seconds).toFixed(0)} verdicts/s, the process with its start included, ${whole.mebibytes} MiB at most; all the same, byte for byte: ${isWhole ? 'yes' : `NO, ${JSON.stringify(whole.all)}`}`,
    )
    const digest = await within(copy, async ({ pool }) => {
      const { rows } = await pool.query(
        "SELECT encode(digest, 'hex') AS hex FROM meshproof.observation WHERE digest IS NOT NULL ORDER BY id LIMIT 1",
      )
      const hex = String(rows[0]?.['hex'])
      await pool.query(
        "UPDATE meshproof.evidence SET bytes = set_byte(bytes, 7, get_byte(bytes, 7) # 1) WHERE digest = decode($1, 'hex')",
        [hex],
      )
      return `sha256:${hex}`
    })
    const altered = replayAll(copy)
    const named =
      altered.code === 3 &&
      altered.all['same'] === count - 1 &&
      altered.told.length === 1 &&
      altered.told[0]?.includes('store.altered') === true &&
      altered.told[0].includes(digest)
    console.log(
      `  one byte of one row of evidence changed: that digest is named, and no other verdict is touched: ${named ? 'yes' : `NO, ${altered.told.join(' ')} ${JSON.stringify(altered.all)}`}`,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function within<T>(folder: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase({ folder }, limits, console.error)
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

const hasNamespaces = spawnSync('unshare', ['-rn', 'true']).status === 0

function replayAll(data: string) {
  const alone = new URL('../test/jobs/alone.ts', import.meta.url).href
  const most = join(data, '..', 'most')
  // The most memory that it had, from the kernel, at its end.
  const told = `data:text/javascript,import{writeFileSync}from'node:fs';import{isMainThread}from'node:worker_threads';if(isMainThread)process.on('exit',()=>writeFileSync(${JSON.stringify(most)},String(process.resourceUsage().maxRSS)))`
  const node = [process.execPath, '--import', alone, '--import', told]
  const args = [...node, join(import.meta.dirname, '../src/cli/main.ts'), 'replay', '--all', '-o', 'json']
  const [command = '', ...rest] = [...(hasNamespaces ? ['unshare', '-rn'] : []), ...args]
  const began = performance.now()
  const { DATABASE_URL: _, ...env } = process.env
  const run = spawnSync(command, rest, { env: { ...env, MESHPROOF_DATA: data }, encoding: 'utf8', maxBuffer: 1 << 30 })
  const seconds = (performance.now() - began) / 1000
  const lines = run.stdout.trimEnd().split('\n')
  if (run.status === null || lines.at(-1)?.startsWith('{') !== true)
    throw new Error(`replay --all ended with ${run.status ?? run.signal}: ${run.stderr.slice(0, 500)}`)
  return {
    code: run.status,
    seconds,
    all: JSON.parse(lines.pop() ?? '') as Readonly<Record<string, number>>,
    told: lines,
    mebibytes: Math.round(Number(readFileSync(most, 'utf8')) / 1024),
    place: hasNamespaces ? 'in a network namespace of its own' : 'with every connection refused',
  }
}
