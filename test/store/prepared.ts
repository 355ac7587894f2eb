/**
 * A data folder as `meshproof migrate` leaves it. Made once for this version of what is in it, then copied: to make one
 * anew costs PGlite three seconds of a processor.
 */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { limits } from '../../src/core/limits.ts'
import { prepareQueue } from '../../src/jobs/bullmq.ts'
import { openDatabase, type Place } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { root } from '../repository/files.ts'

const room = mkdtempSync(join(tmpdir(), 'meshproof-data-'))
process.on('exit', () => rmSync(room, { recursive: true, force: true }))
let n = 0

/** What `meshproof migrate` does. */
export async function prepare(place: Place): Promise<void> {
  const database = await openDatabase(place, limits, () => {})
  await migrate(database)
  await prepareQueue(database.queuePool)
  await database.close()
}

/** A folder of the test's own; by default one that is gone when the tests of its file have ended. */
export async function preparedFolder(folder = join(room, String(++n))): Promise<{ readonly folder: string }> {
  cpSync(await template(), folder, { recursive: true, preserveTimestamps: true })
  return { folder }
}

async function template(): Promise<string> {
  const made = join(tmpdir(), `meshproof-test-data-${process.getuid?.()}-${version()}`)
  if (existsSync(made)) return made
  const mine = join(room, 'template')
  await prepare({ folder: mine })
  try {
    renameSync(mine, made) // whole or not at all; of two who make it at once the first one's stays
  } catch {
    if (!existsSync(made)) throw new Error(`${made} cannot be made`)
  }
  return made
}

function version(): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(join(root, 'migrations')).sort())
    hash.update(readFileSync(join(root, 'migrations', name)))
  for (const name of ['src/store/pglite.ts', 'src/jobs/bullmq.ts', 'package-lock.json'])
    hash.update(readFileSync(join(root, name)))
  return hash.digest('hex').slice(0, 16)
}
