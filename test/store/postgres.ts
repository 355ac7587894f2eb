/** A throw-away PostgreSQL on loopback: Debian's, run by somebody who is not root. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

const debian = '/usr/lib/postgresql'
const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
const bin = versions.map((version) => join(debian, version, 'bin')).find((path) => existsSync(join(path, 'postgres')))

export const hasPostgres = bin !== undefined
if (!hasPostgres) console.warn('tests over PostgreSQL skipped: it is not installed (apt install postgresql)')

export type Postgres = {
  /** The address of a new database: empty, or as another one is. */
  createDatabase(like?: string): Promise<string>
  query(text: string, database?: string): Promise<void>
  /** As by kill -9 of the whole server. */
  kill(): Promise<void>
  /** As an administrator stops it: sessions are ended. */
  shutDown(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return port
}

/** Where we are root, the server runs as Debian's `postgres`, or as nobody. */
export function runner(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const idOf = (flag: string, user: string) => Number(spawnSync('id', [flag, user]).stdout.toString() || Number.NaN)
  for (const user of ['postgres', 'nobody']) {
    const [uid, gid] = [idOf('-u', user), idOf('-g', user)]
    if (uid > 0 && gid > 0) return { uid, gid }
  }
  return {}
}

export async function startPostgres(): Promise<Postgres> {
  if (bin === undefined) throw new Error('PostgreSQL is not installed')
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-pg-'))
  const who = runner()
  chmodSync(folder, 0o700)
  if (who.uid !== undefined && who.gid !== undefined) chownSync(folder, who.uid, who.gid)
  const data = join(folder, 'data')
  const init = ['-D', data, '-A', 'trust', '-U', 'owner', '-E', 'UTF8', '--locale=C', '--no-sync']
  const made = spawnSync(join(bin, 'initdb'), init, { ...who, cwd: folder })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr.toString()}`)
  const port = await freePort()
  const urlOf = (database: string, user = 'owner') => `postgres://${user}@127.0.0.1:${port}/${database}`
  let server: ChildProcess | undefined
  let databases = 0

  const query = async (text: string, database = 'postgres') => {
    const client = new pg.Client({ connectionString: urlOf(database) })
    await client.connect()
    try {
      await client.query(text)
    } finally {
      await client.end()
    }
  }
  const start = async () => {
    const flags = ['-D', data, '-k', folder, '-h', '127.0.0.1', '-p', String(port), '-c', 'max_connections=200']
    server = spawn(join(bin, 'postgres'), flags, { ...who, cwd: folder, stdio: 'ignore' })
    for (let tries = 0; ; tries++)
      try {
        return await query('SELECT 1')
      } catch (error) {
        if (tries > 400) throw error
        await sleep(50)
      }
  }
  const end = async (signal: NodeJS.Signals) => {
    const running = server
    server = undefined
    if (running === undefined || running.exitCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill(signal)
    await ended
  }
  await start()
  return {
    createDatabase: async (like) => {
      const name = `test_${++databases}`
      const template = like === undefined ? '' : ` TEMPLATE ${new URL(like).pathname.slice(1)}`
      await query(`CREATE DATABASE ${name}${template}`)
      return urlOf(name)
    },
    query,
    kill: () => end('SIGQUIT'), // its own word for it: no shutdown, recovery at the next start
    shutDown: () => end('SIGINT'),
    start,
    stop: async () => {
      await end('SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
