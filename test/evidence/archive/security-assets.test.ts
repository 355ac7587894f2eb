import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type Limits, limits } from '../../../src/core/limits.ts'
import { readSecurityAssets } from '../../../src/evidence/archive/security-assets.ts'
import { type TarEntry, tarGz } from '../../authority/tar.ts'
import { scratch } from '../../cli/process.ts'

const room = scratch()
afterAll(() => room.remove())

async function told(entries: readonly TarEntry[], by: Partial<Limits> = {}): Promise<string> {
  const path = join(room.path, 'security-assets.tar.gz')
  writeFileSync(path, tarGz(entries))
  const assets = await readSecurityAssets(path, { ...limits, ...by })
  return 'failed' in assets ? `${assets.failed}: ${assets.found}` : Buffer.from(assets.provenance).toString('utf8')
}

const name = 'kong-mesh.intoto.jsonl'
const sbom: TarEntry = { name: './sbom.spdx.json', content: '{}' }

test.each([name, `./${name}`, `././${name}`])('the provenance is found as %s', async (spelled) => {
  expect(await told([sbom, { name: spelled, content: 'lines' }, { name: './z', content: 'z' }])).toBe('lines')
})

test('T65 two of them, whatever their spelling, are a finding, and none is used', async () => {
  const both = [sbom, { name: `./${name}`, content: 'one' }, { name, content: 'two' }]
  expect(await told(both)).toBe(`archive.name-twice: ${name}`)
})

test('T65 an archive with something odd in it is not used at all', async () => {
  const good = { name: `./${name}`, content: 'one' }
  expect(await told([good, { name: '../x', content: 'x' }])).toBe('archive.path-unsafe: ../x')
  expect(await told([{ name: `./${name}`, type: '2', link: '/etc/passwd' }])).toBe(`archive.entry-unsafe: ./${name}`)
})

test('elsewhere in the archive it is another file', async () => {
  expect(await told([{ name: `other/${name}`, content: 'x' }])).toBe(`archive.file-absent: ${name}`)
})

test('a provenance larger than anything given may be is not held', async () => {
  expect(await told([{ name, content: 'x'.repeat(1000) }], { givenBytes: 999 })).toBe(`limit.bytes: ${name}`)
})

test('a folder is no archive', async () => {
  expect(await readSecurityAssets(room.path, limits)).toEqual({ failed: 'archive.malformed', found: 'not a file' })
})
