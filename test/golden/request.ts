/** The golden request, examined from its layout alone: whoever needs a verdict of three subjects has one here. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../../src/core/limits.ts'
import { memoryStore } from '../../src/evidence/store/memory.ts'
import { withoutDownloads } from '../../src/examine/downloaded.ts'
import { type Examination, offline } from '../../src/examine/examination.ts'
import { examine } from '../../src/examine/examine.ts'
import { prepare, readRequest } from '../../src/examine/prepare.ts'
import type { Done } from '../../src/examine/shop.ts'

export const folder = join(import.meta.dirname, '../fixtures/wire')
export const request = JSON.parse(readFileSync(join(folder, 'request.json'), 'utf8')) as Record<string, unknown>

export async function examineGolden(
  versions: Readonly<Record<string, string>>,
  changes: Partial<Examination> = {},
): Promise<Done> {
  const now = () => Date.parse('2026-01-15T14:00:00Z')
  const store = memoryStore()
  const { examination, sources } = await prepare(withoutDownloads(readRequest(request)), {
    paths: { root: folder, confined: true },
    store,
    limits,
    now,
    publicGood: () => Promise.resolve(undefined),
  })
  const world = { store, sources: [...sources, offline(now)], now, limits, versions }
  const signal = new AbortController().signal
  return { examination, examined: await examine({ ...examination, ...changes }, { ...world, signal }) }
}
