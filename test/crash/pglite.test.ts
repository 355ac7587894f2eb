import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { crashing, prepare } from './crash.ts'

describe('over PGlite', () => {
  const room = mkdtempSync(join(tmpdir(), 'meshproof-crash-'))
  const prepared = join(room, 'prepared')
  let n = 0
  beforeAll(() => prepare({ folder: prepared }))
  afterAll(() => rmSync(room, { recursive: true, force: true }))

  crashing(async () => {
    const folder = join(room, String(++n))
    cpSync(prepared, folder, { recursive: true, preserveTimestamps: true })
    return { folder }
  })
})
