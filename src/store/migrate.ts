import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../core/fault.ts'
import { type Database, type QueuePool, schema } from './database.ts'

const folderOfOurs = join(import.meta.dirname, '../../migrations')
/** Chosen once; every migrator waits for the same lock. */
const lock = 7_310_446_019

type Applied = { readonly name: string; readonly sha256: string }
type Migration = Applied & { readonly sql: string }

/**
 * R21: applies what is missing of `migrations/`, forward only, each file in a transaction of its own under one advisory
 * lock. A file that changed after it was applied, or that this version does not know, is refused.
 */
export async function migrate(database: Database, folder: string = folderOfOurs): Promise<readonly string[]> {
  const migrations = read(folder)
  const applied: string[] = []
  for (;;) {
    const name = await applyNext(database, migrations)
    if (name === undefined) return applied
    applied.push(name)
  }
}

/** What `migrate` would apply; reads only. */
export async function pending(database: Database, folder: string = folderOfOurs): Promise<readonly string[]> {
  const migrations = read(folder)
  const { rows } = await database.pool.query("SELECT to_regclass('meshproof.migration') IS NOT NULL AS there")
  const known = rows[0]?.['there'] === true ? await ledgerOf(database.pool) : []
  return compare(known, migrations).map(({ name }) => name)
}

async function applyNext(database: Database, migrations: readonly Migration[]): Promise<string | undefined> {
  const client = await database.pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('SET LOCAL statement_timeout = 0') // for the wait of a second starter, too
    await client.query('SELECT pg_advisory_xact_lock($1)', [lock])
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
    await client.query(`SET LOCAL search_path TO ${schema}`)
    await client.query(
      'CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, sha256 text NOT NULL, at timestamptz NOT NULL DEFAULT now())',
    )
    const [next] = compare(await ledgerOf(client), migrations)
    if (next !== undefined) {
      await client.query(next.sql)
      await client.query('INSERT INTO migration (name, sha256) VALUES ($1, $2)', [next.name, next.sha256])
    }
    await client.query('COMMIT')
    return next?.name
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

async function ledgerOf(session: Pick<QueuePool, 'query'>): Promise<readonly Applied[]> {
  const { rows } = await session.query(`SELECT name, sha256 FROM ${schema}.migration ORDER BY name`)
  return rows.map(({ name, sha256 }) => ({ name: String(name), sha256: String(sha256) }))
}

function compare(known: readonly Applied[], migrations: readonly Migration[]): readonly Migration[] {
  for (const [i, { name, sha256 }] of known.entries()) {
    const ours = migrations[i]
    if (ours?.name !== name) throw new Fault('database.newer', { status: 500, parameters: { found: name } })
    if (ours.sha256 !== sha256) throw new Fault('database.changed', { status: 500, parameters: { found: name } })
  }
  return migrations.slice(known.length)
}

const read = (folder: string): readonly Migration[] =>
  readdirSync(folder)
    .filter((name) => /^\d{4}_[a-z_]+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name), 'utf8')
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
    })
