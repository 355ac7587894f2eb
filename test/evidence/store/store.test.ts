import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Digest, digestOf, hexOf } from '../../../src/core/digest.ts'
import type { EvidenceStore } from '../../../src/core/observation.ts'
import { folderStore } from '../../../src/evidence/store/folder.ts'
import { layered } from '../../../src/evidence/store/layered.ts'
import { memoryStore } from '../../../src/evidence/store/memory.ts'

const bytes = Buffer.from('evidence')
const type = 'text/plain'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'store-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}
const fileOf = (path: string, digest: Digest): string => join(path, 'sha256', hexOf(digest).slice(0, 2), hexOf(digest))

describe.each<[string, () => Promise<EvidenceStore>]>([
  ['memory', () => Promise.resolve(memoryStore())],
  ['folder', async () => folderStore(await folder())],
  ['layered', async () => layered(memoryStore(), folderStore(await folder()))],
])('%s', (_, open) => {
  test('gives back what was put, under the digest of its bytes', async () => {
    const store = await open()
    const digest = await store.put(bytes, type)
    expect(digest).toBe(digestOf(bytes))
    expect(Buffer.from((await store.get(digest)) ?? [])).toEqual(bytes)
    expect(await store.put(bytes, type)).toBe(digest)
    expect(await store.get(digestOf('other'))).toBeUndefined()
  })
})

test('files and folders are for their owner alone, and nothing temporary stays', async () => {
  const path = await folder()
  const digest = await folderStore(path).put(bytes, type)
  expect((await stat(fileOf(path, digest))).mode & 0o777).toBe(0o600)
  expect((await stat(join(path, 'sha256'))).mode & 0o777).toBe(0o700)
  expect((await readdir(path, { recursive: true })).filter((name) => name.endsWith('.tmp'))).toEqual([])
})

test('T28 a damaged file is missing: it is removed and can be put again', async () => {
  const path = await folder()
  const store = folderStore(path)
  const digest = await store.put(bytes, type)
  await writeFile(fileOf(path, digest), 'other bytes')
  expect(await store.get(digest)).toBeUndefined()
  await expect(stat(fileOf(path, digest))).rejects.toThrow()
  await store.put(bytes, type)
  expect(await store.get(digest)).toEqual(bytes)
})

test('T41 what is no digest names no file', async () => {
  const path = await folder()
  await writeFile(join(path, 'secret'), 'x')
  for (const bad of ['sha256:../../secret', 'secret', `sha256:${'A'.repeat(64)}`, 'sha256:', ''])
    expect(await folderStore(path).get(bad as Digest), bad).toBeUndefined()
})

test('T104 a folder that cannot be written is still read, and writing to it is no error', async () => {
  const path = await folder()
  const digest = await folderStore(path).put(bytes, type)
  await chmod(fileOf(path, digest), 0o400)
  await chmod(path, 0o500)
  onTestFinished(() => chmod(path, 0o700))
  expect(await folderStore(path).get(digest)).toEqual(bytes)
  for (const impossible of [join(fileOf(path, digest), 'below-a-file'), '/proc/nowhere']) {
    expect(await folderStore(impossible).put(bytes, type)).toBe(digest)
    expect(await folderStore(impossible).get(digest)).toBeUndefined()
  }
})

test('many writers of the same and of other digests at once', async () => {
  const path = await folder()
  const puts = Array.from({ length: 50 }, (_, n) => folderStore(path).put(Buffer.from(`piece ${n % 10}`), type))
  for (const digest of await Promise.all(puts)) expect(digestOf(await readFile(fileOf(path, digest)))).toBe(digest)
})

test('layered: what only the second has is kept in the first', async () => {
  const [first, second] = [memoryStore(), memoryStore()]
  const digest = await second.put(bytes, type)
  expect(await layered(first, second).get(digest)).toEqual(bytes)
  expect(await first.get(digest)).toEqual(bytes)
})
