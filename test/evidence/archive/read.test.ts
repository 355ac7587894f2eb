import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { type Limits, limits } from '../../../src/core/limits.ts'
import { ArchiveProblem } from '../../../src/evidence/archive/problem.ts'
import { type Oddity, readArchive } from '../../../src/evidence/archive/read.ts'
import { type TarEntry, tar, tarGz } from '../../authority/tar.ts'
import { scratch } from '../../cli/process.ts'

const room = scratch()
afterAll(() => room.remove())
let files = 0
const write = (bytes: Uint8Array): string => {
  const path = join(room.path, `${files++}.tar.gz`)
  writeFileSync(path, bytes)
  return path
}

type Seen = { readonly contents: Readonly<Record<string, string>>; readonly oddities: readonly Oddity[] }

async function readAll(bytes: Uint8Array, by: Partial<Limits> = {}): Promise<Seen> {
  const contents: Record<string, string> = {}
  const oddities = await readArchive(write(bytes), { ...limits, ...by }, ({ name, size }) => {
    const pieces: Uint8Array[] = []
    return {
      take: (piece) => pieces.push(piece),
      end: () => {
        const content = Buffer.concat(pieces)
        expect(content.length).toBe(size)
        contents[name] = content.toString('latin1')
      },
    }
  })
  return { contents, oddities }
}
const read = (entries: readonly TarEntry[], by?: Partial<Limits>) => readAll(tarGz(entries), by)

/** `code: found` of what stopped the reading. */
const stopped = (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => 'read',
    (error: unknown) => {
      if (error instanceof ArchiveProblem) return `${error.code}: ${error.found}`
      throw error
    },
  )

test('regular files are shown once each, by their plain names, with their very bytes', async () => {
  const large = 'x'.repeat(300_000)
  const seen = await read([
    { name: './' },
    { name: './a', content: 'A' },
    { name: 'empty' },
    { name: 'folder/', type: '5' },
    { name: 'folder/large', content: large },
    { name: 'short', pax: { path: `long/${'n'.repeat(200)}` }, content: 'L' },
    { name: 'last', content: 'B' },
  ])
  expect(seen.contents).toEqual({
    a: 'A',
    empty: '',
    'folder/large': large,
    [`long/${'n'.repeat(200)}`]: 'L',
    last: 'B',
  })
  expect(seen.oddities).toEqual([])
})

test('the packed bytes can be hashed in the same pass', async () => {
  const bytes = tarGz([{ name: 'a', content: 'A' }])
  const hash = createHash('sha256')
  await readArchive(write(bytes), limits, () => undefined, hash)
  expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
})

test.each([
  ['archive.path-unsafe', '../x', { name: '../x', content: 'out' }],
  ['archive.path-unsafe', '/etc/passwd', { name: '/etc/passwd', content: 'out' }],
  ['archive.path-unsafe', 'a/../../x', { name: 'x', pax: { path: 'a/../../x' }, content: 'out' }],
  ['archive.entry-unsafe', 'x', { name: 'x', type: '2', link: '/etc/passwd' }],
  ['archive.entry-unsafe', 'x', { name: 'x', type: '1', link: 'a' }],
  ['archive.entry-unsafe', 'x', { name: 'x', type: '3' }],
  ['archive.entry-unsafe', 'x', { name: 'x', type: '4' }],
  ['archive.entry-unsafe', 'x', { name: 'x', type: '6' }],
  ['archive.entry-unsafe', 'x', { name: 'x', type: 'S' }],
  ['archive.name-twice', 'a', { name: 'a', content: 'B' }],
  ['archive.name-twice', 'a', { name: './a', content: 'B' }],
  ['archive.name-twice', 'a', { name: '././a', content: 'B' }],
  ['archive.name-twice', 'a', { name: 'a', type: '2', link: 'b' }, 'archive.entry-unsafe'],
] as const)('T65 %s %s is told and shown to nobody; the rest is read', async (code, found, entry, also?: string) => {
  const { contents, oddities } = await read([{ name: 'a', content: 'A' }, entry, { name: 'z', content: 'Z' }])
  expect(contents).toEqual({ a: 'A', z: 'Z' })
  expect(oddities).toContainEqual({ code, found })
  expect(oddities.map((one) => one.code)).toEqual([...(also === undefined ? [] : [also]), code])
})

test.each([
  ['no gzip', Buffer.from('hello'), 'archive.malformed: not gzip, or cut short'],
  ['no tar', gzipSync(Buffer.alloc(4096, 'x')), 'archive.malformed: not a tar'],
  [
    'a gzip cut short',
    tarGz([{ name: 'a', content: 'A'.repeat(9999) }]).subarray(0, 60),
    'archive.malformed: not gzip, or cut short',
  ],
  [
    'a tar cut short',
    gzipSync(tar([{ name: 'a', content: 'A'.repeat(9999) }]).subarray(0, 4096)),
    'archive.malformed: not a tar',
  ],
  ['nothing', gzipSync(Buffer.alloc(1024)), 'archive.malformed: it is empty'],
  ['a broken checksum', gzipSync(tar([{ name: 'a' }]).fill('b', 0, 1)), 'archive.malformed: not a tar'],
  [
    'a size that is none',
    tarGz([{ name: 'a', pax: { size: 'none' }, content: 'A' }]),
    'archive.malformed: an entry without a size',
  ],
  [
    'a size below nothing',
    tarGz([{ name: 'a', pax: { size: '-1' }, content: 'A' }]),
    'archive.malformed: an entry without a size',
  ],
])('an archive that cannot be read: %s', async (_, bytes, says) => {
  expect(await stopped(readAll(bytes))).toBe(says)
})

const zeros = (megabytes: number): TarEntry => ({ name: 'zeros', content: Buffer.alloc(megabytes * 1024 * 1024) })

test('T66 a bomb is cut by its ratio, long before its end', async () => {
  expect(await stopped(read([zeros(64)]))).toBe('limit.archive: far larger than it was packed')
  expect(await stopped(read([zeros(60)], { archiveRatio: 100_000 }))).toBe('read')
  expect(await stopped(read([zeros(80)], { archiveRatio: 100_000 }))).toMatch(/^limit/)
})

test('T66 inflated bytes, entries, names and headers are each counted', async () => {
  const many = Array.from({ length: 20 }, (_, i): TarEntry => ({ name: `f${i}` }))
  expect(await stopped(read([zeros(2)], { archiveBytes: 1024 * 1024, archiveRatio: 100_000 }))).toBe(
    'limit.archive: more than 1048576 bytes',
  )
  expect(await stopped(read(many, { archiveEntries: 10 }))).toBe('limit.archive: more than 10 entries, or their names')
  expect(await stopped(read(many, { archiveNamesBytes: 20 }))).toMatch(/^limit\.archive/)
  const long = { name: 'a', pax: { comment: 'x'.repeat(200_000) }, content: 'A' }
  expect(await stopped(read([long], { archiveHeaderBytes: 100_000 }))).toBe(
    'limit.archive: headers of more than 100000 bytes',
  )
  expect(await stopped(read([long]))).toBe('read')
})

test('T66 a header that announces gigabytes of name is not waited for', async () => {
  const announced = { name: 'long', type: 'L', size: 2 ** 32, content: Buffer.alloc(4 * 1024 * 1024, 'n') }
  expect(await stopped(read([announced], { archiveRatio: 100_000 }))).toBe(
    `limit.archive: headers of more than ${limits.archiveHeaderBytes} bytes`,
  )
})
