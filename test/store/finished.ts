/** What an examination of the golden request leaves, as the store takes it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../../src/core/limits.ts'
import { memoryStore } from '../../src/evidence/store/memory.ts'
import { offline } from '../../src/examine/examination.ts'
import { examine } from '../../src/examine/examine.ts'
import { prepare, readRequest } from '../../src/examine/prepare.ts'
import type { Finished } from '../../src/store/verdicts.ts'
import { finishedOf } from '../../workers/finished.ts'

const folder = join(import.meta.dirname, '../fixtures/wire')

export async function finishedExample(id?: string): Promise<Finished> {
  const request: unknown = JSON.parse(readFileSync(join(folder, 'request.json'), 'utf8'))
  const now = () => Date.parse('2026-01-15T14:00:00Z')
  const store = memoryStore()
  const { examination, sources } = await prepare(readRequest(request), {
    paths: { root: folder, confined: true },
    store,
    limits,
    now,
    publicGood: () => Promise.resolve(undefined),
  })
  const world = { store, sources: [...sources, offline(now)], now, limits, versions: {} }
  const examined = await examine(
    { ...examination, ...(id !== undefined && { id, platform: 'linux/arm64' }) },
    { ...world, signal: new AbortController().signal },
  )
  return finishedOf({ examination, examined })
}
