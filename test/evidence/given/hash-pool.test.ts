import { createHash } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { type HashProgress, hashPool } from '../../../src/evidence/given/hash-pool.ts'
import { scratch } from '../../cli/process.ts'

const room = scratch()
afterAll(() => room.remove())

const MiB = 1024 * 1024
/** A sparse file that ends in a few bytes of its own. */
function sparse(name: string, size: number): { readonly path: string; readonly sha256: string } {
  const path = join(room.path, name)
  const file = openSync(path, 'w')
  ftruncateSync(file, size)
  writeSync(file, name, size - name.length)
  closeSync(file)
  const hash = createHash('sha256')
  const zeros = Buffer.alloc(size - name.length)
  return { path, sha256: hash.update(zeros).update(name).digest('hex') }
}

function pool(progress?: HashProgress, width?: number) {
  const made = hashPool(progress, width)
  onTestFinished(() => made.close())
  return made
}

test('small files in place, large ones in threads: the same hashes', async () => {
  const { hash } = pool()
  const small = join(room.path, 'small')
  writeFileSync(small, 'hello')
  const of = (name: string) => createHash(name).update('hello').digest('hex')
  expect(await hash(small, ['sha256', 'sha512'])).toEqual([of('sha256'), of('sha512')])
  const large = sparse('large', 17 * MiB)
  expect(await hash(large.path, ['sha256'])).toEqual([large.sha256])
})

test('more files than threads: each gets its own hash', async () => {
  const { hash } = pool(undefined, 2)
  const files = Array.from({ length: 5 }, (_, i) => sparse(`file ${i}`, 17 * MiB + i))
  const hashed = await Promise.all(files.map(({ path }) => hash(path, ['sha256'])))
  expect(hashed.map(([hex]) => hex)).toEqual(files.map(({ sha256 }) => sha256))
})

test('progress grows to the end, over all files', async () => {
  const told: (readonly [number, number])[] = []
  const { hash } = pool((done, total) => told.push([done, total]))
  const size = 130 * MiB
  await hash(sparse('watched', size).path, ['sha256'])
  expect(told.length).toBeGreaterThan(1)
  expect(told.at(-1)).toEqual([size, size])
  expect(told.map(([done]) => done)).toEqual(told.map(([done]) => done).sort((a, b) => a - b))
})

test('a file that cannot be read fails alone', async () => {
  const { hash } = pool()
  await expect(hash(join(room.path, 'none'), ['sha256'])).rejects.toThrow()
  await expect(hash(sparse('odd', 17 * MiB).path, ['no-such-hash'])).rejects.toThrow()
  const good = sparse('good', 17 * MiB)
  expect(await hash(good.path, ['sha256'])).toEqual([good.sha256])
})
