import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { digestOf } from '../../src/core/digest.ts'
import { limits } from '../../src/core/limits.ts'
import { cachePath, openCache } from '../../src/evidence/cache.ts'
import { folderStore } from '../../src/evidence/store/folder.ts'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'cache-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}
const type = 'text/plain'
const at = Date.UTC(2026, 10, 25, 12)

test('T104 where the cache is, and that there may be none', () => {
  expect(cachePath({ HOME: '/h' })).toBe('/h/.cache/meshproof')
  expect(cachePath({ HOME: '/h', XDG_CACHE_HOME: '/var/cache/a' })).toBe('/var/cache/a/meshproof')
  expect(cachePath({ HOME: '/h', XDG_CACHE_HOME: 'relative' })).toBe('/h/.cache/meshproof')
  expect(cachePath({ HOME: '/h', MESHPROOF_CACHE_PATH: '/c' })).toBe('/c')
  for (const none of [{}, { HOME: '' }, { HOME: '/h', MESHPROOF_CACHE_PATH: '' }])
    expect(cachePath(none)).toBeUndefined()
})

test('look-ups are recalled by another process, with their time', async () => {
  const path = await folder()
  const found = { outcome: { found: digestOf('x'), mediaType: type }, at }
  const absent = { outcome: { absent: true } as const, at, detail: { note: 'signature.subject-foreign' } }
  const { lookups } = openCache(path)
  await lookups.remember('a question', found)
  await lookups.remember('another', absent)
  expect(await openCache(path).lookups.recall('a question')).toEqual(found)
  expect(await openCache(path).lookups.recall('another')).toEqual(absent)
  expect(await lookups.recall('a third')).toBeUndefined()
})

test('T41 a look-up that was damaged or forged into something else was never said', async () => {
  const path = await folder()
  const { lookups } = openCache(path)
  await lookups.remember('key', { outcome: { absent: true }, at })
  const [file = ''] = (await readdir(path, { recursive: true })).filter((name) => name.endsWith('.json'))
  const forged = [
    '',
    '{',
    '{"key":"key"}',
    '{"key":"other","outcome":{"absent":true},"at":1}',
    '{"key":"key","outcome":{"found":"sha256:../../x","mediaType":"x"},"at":1}',
    '{"key":"key","outcome":{"failed":"registry.denied"},"at":1}',
    '{"key":"key","outcome":{"absent":true},"at":"1"}',
  ]
  for (const text of forged) {
    await writeFile(join(path, file), text)
    expect(await lookups.recall('key'), text).toBeUndefined()
  }
})

test('the cache holds at most its limit: what was not used for longest goes first', async () => {
  const path = await folder()
  const cache = openCache(path, { ...limits, cacheBytes: 2500 })
  const digests = []
  for (const n of [1, 2, 3, 4]) {
    const digest = await folderStore(join(path, 'evidence')).put(Buffer.alloc(1000, n), type)
    digests.push(digest)
    const hex = digest.slice('sha256:'.length)
    await utimes(join(path, 'evidence', 'sha256', hex.slice(0, 2), hex), 1000 * n, 1000 * n)
  }
  await cache.store.get(digests[0] ?? digestOf('')) // used now
  expect(await cache.info()).toEqual({ path, entries: 4, bytes: 4000 })
  expect(await cache.prune()).toEqual({ removed: 2, bytes: 2000 })
  const left = await Promise.all(digests.map(async (digest) => (await cache.store.get(digest)) !== undefined))
  expect(left).toEqual([true, false, false, true])
  expect(await cache.prune()).toEqual({ removed: 0, bytes: 2000 })
})

test('writing prunes by itself: when much was written, and once an hour among all processes', async () => {
  const path = await folder()
  const small = { ...limits, cacheBytes: 16_000 }
  const one = openCache(path, small)
  for (let n = 0; n < 100; n++) await one.store.put(Buffer.alloc(900, `${n}`), type)
  expect((await one.info()).bytes).toBeLessThanOrEqual(small.cacheBytes + 2000)

  for (let n = 0; n < 30; n++) await folderStore(join(path, 'evidence')).put(Buffer.alloc(900, `other ${n}`), type)
  await openCache(path, small).store.put(Buffer.from('a'), type) // pruned a moment ago
  expect((await one.info()).bytes).toBeGreaterThan(small.cacheBytes + 2000)
  await utimes(join(path, '.pruned'), 1000, 1000)
  await openCache(path, small).store.put(Buffer.from('b'), type)
  expect((await one.info()).bytes).toBeLessThanOrEqual(small.cacheBytes)
})

test('what a process that died left behind is swept; what another one is writing is not', async () => {
  const path = await folder()
  await mkdir(join(path, 'evidence'))
  const [old, fresh] = [join(path, 'evidence', '.old.tmp'), join(path, 'evidence', '.fresh.tmp')]
  await writeFile(old, 'half')
  await writeFile(fresh, 'half')
  await utimes(old, 1000, 1000)
  await openCache(path).prune()
  await expect(stat(old)).rejects.toThrow()
  expect((await stat(fresh)).isFile()).toBe(true)
})

test('T104 a cache that is not there, or cannot be, holds nothing and fails nothing', async () => {
  for (const path of [join(await folder(), 'missing'), '/proc/nowhere']) {
    const cache = openCache(path)
    expect(await cache.info()).toEqual({ path, entries: 0, bytes: 0 })
    expect(await cache.prune()).toEqual({ removed: 0, bytes: 0 })
    expect(await cache.store.get(digestOf('x'))).toBeUndefined()
    expect(await cache.lookups.recall('x')).toBeUndefined()
  }
  const cache = openCache('/proc/nowhere')
  expect(await cache.store.put(Buffer.from('x'), type)).toBe(digestOf('x'))
  await cache.lookups.remember('x', { outcome: { absent: true }, at })
})
