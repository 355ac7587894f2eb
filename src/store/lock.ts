import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '../core/fault.ts'

export type Lock = { readonly release: () => void }

/**
 * R8: the data folder is for one process; PGlite would let a second one in, and rows would vanish. SQLite's exclusive
 * transaction is a lock of the kernel's, so it is free again whatever ends the process.
 */
export function lockFolder(folder: string): Lock {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
  } catch (cause) {
    throw new Fault('data.unusable', { status: 500, cause, parameters: { found: folder } })
  }
  const database = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 })
  try {
    chmodSync(join(folder, 'lock.db'), 0o600)
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw new Fault('data.in-use', { status: 503, cause, parameters: { found: folder } })
  }
  return { release: () => database.close() }
}
