/** Archives that bring provenance along: what is odd in them is told, nothing is written, nothing is believed. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { limits } from '../../src/core/limits.ts'
import { readArchive } from '../../src/evidence/archive/read.ts'
import { generatorCertificate, type ProvenanceOptions, provenance } from '../authority/provenance.ts'
import { type TarEntry, tar, tarGz } from '../authority/tar.ts'
import { authority, type Case, digestsOf, expectRefused, expectTrusted, message } from './harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'meshproof-archives-'))
afterAll(() => rmSync(folder, { recursive: true }))

const archive = 'kong-mesh-2.14.3-linux-amd64.tar.gz'
const other = 'kong-mesh-2.14.3-linux-arm64.tar.gz'
const sha256 = digestsOf(message).sha256.slice('sha256:'.length)
const policy = { profile: 'kong-mesh-archives' }

function provenanceOf(subjects: ProvenanceOptions['subjects'] = [{ name: archive, digest: { sha256 } }]): string {
  const options: ProvenanceOptions = { generator: 'generic', subjects }
  return JSON.stringify(authority.sign({ payload: provenance(options), github: generatorCertificate(options) }).bundle)
}

const good: TarEntry = { name: './kong-mesh.intoto.jsonl', content: provenanceOf() }
const sbom: TarEntry = { name: './sbom.spdx.json', content: '{}' }

let files = 0
/** The archive that is asked about, with its provenance in assets of these bytes. */
function broughtBy(bytes: Uint8Array, name = archive): Case {
  const path = join(folder, `${files++}.tar.gz`)
  writeFileSync(path, bytes)
  return { evidence: { given: { securityAssets: path } }, artifact: { file: message, name }, policy }
}
const brought = (...entries: readonly TarEntry[]): Case => broughtBy(tarGz(entries))

test('T63 an archive under the name of another: its digest is a subject, its name is not that one’s', async () => {
  const subjects = [
    { name: other, digest: { sha256 } },
    { name: archive, digest: { sha256: 'ab'.repeat(32) } },
  ]
  await expectTrusted(brought(sbom, good))
  await expectRefused(brought(sbom, { ...good, content: provenanceOf(subjects) }), {
    code: 'provenance.subject',
    demand: '/provenance/fileName',
  })
})

describe('T65 what an honest archive has no need of', () => {
  test.each([
    ['a name that climbs', 'archive.path-unsafe', { name: '../../outside', content: 'x' }],
    ['a name from the root', 'archive.path-unsafe', { name: '/tmp/outside', content: 'x' }],
    ['a pax name that climbs', 'archive.path-unsafe', { name: 'x', pax: { path: 'a/../../outside' }, content: 'x' }],
    ['a backslash', 'archive.path-unsafe', { name: '..\\outside', content: 'x' }],
    ['a symbolic link', 'archive.entry-unsafe', { name: 'x', type: '2', link: '/etc/passwd' }],
    ['a hard link', 'archive.entry-unsafe', { name: 'x', type: '1', link: 'sbom.spdx.json' }],
    ['a device', 'archive.entry-unsafe', { name: 'x', type: '4' }],
    ['a second provenance', 'archive.name-twice', { name: 'kong-mesh.intoto.jsonl', content: 'x' }],
    [
      'a second provenance, spelled otherwise',
      'archive.name-twice',
      { name: '././kong-mesh.intoto.jsonl', content: 'x' },
    ],
  ] as const)('%s: %s', async (_, code, entry) => {
    await expectTrusted(brought(sbom, good))
    await expectRefused(brought(sbom, good, entry), { code, verdict: 'inconclusive' })
    expect(readdirSync(folder).filter((name) => !name.endsWith('.tar.gz'))).toEqual([])
  })

  test('a link in place of the provenance', async () => {
    await expectTrusted(brought(sbom, good))
    const link = { name: './kong-mesh.intoto.jsonl', type: '2', link: '/etc/passwd' }
    await expectRefused(brought(sbom, link), { code: 'archive.entry-unsafe', verdict: 'inconclusive' })
  })
})

describe('T66 what swells', () => {
  const zeros = (megabytes: number): Buffer => Buffer.alloc(megabytes * 1024 * 1024)
  test.each([
    ['a file of zeros', () => tarGz([good, { name: 'x', content: zeros(200) }])],
    ['zeros after the end', () => tarGz([good, { name: 'x', content: '' }, { name: 'y', content: zeros(64) }])],
    ['a name of megabytes', () => tarGz([good, { name: 'x', type: 'L', content: zeros(32) }])],
    ['a header of megabytes', () => tarGz([good, { name: 'x', pax: { comment: 'x'.repeat(16 * 1024 * 1024) } }])],
  ])('%s', async (_, bytes) => {
    await expectTrusted(brought(sbom, good))
    await expectRefused(broughtBy(bytes()), { code: 'limit.archive', verdict: 'inconclusive' })
  })

  // Members of gzip stand one after the other: a few kilobytes, any number of times.
  const megabyte = (noise: number): Buffer =>
    gzipSync(Buffer.concat([randomBytes(noise), Buffer.alloc(2 ** 20 - noise)]))
  const swollen = (megabytes: number, noise: number): Buffer => {
    const announced = tar([good, { name: 'x', size: megabytes * 2 ** 20 }])
    const member = megabyte(noise)
    const end = gzipSync(Buffer.alloc(1024))
    return Buffer.concat([gzipSync(announced.subarray(0, -1024)), ...Array<Buffer>(megabytes).fill(member), end])
  }
  test('just under the ratio of a bomb: cut long before it is all there', async () => {
    await expectTrusted(broughtBy(swollen(60, 4500)))
    const bomb = swollen(1900, 4500)
    expect((1900 * 2 ** 20) / bomb.length).toBeGreaterThan(150)
    expect((1900 * 2 ** 20) / bomb.length).toBeLessThan(200)
    let seen = 0
    const path = join(folder, 'bomb.tar.gz')
    writeFileSync(path, bomb)
    const visit = () => ({ take: (piece: Uint8Array) => (seen += piece.length), end: () => {} })
    await expect(readArchive(path, limits, visit)).rejects.toMatchObject({ code: 'limit.archive' })
    expect(seen).toBeLessThan(80 * 2 ** 20)
    await expectRefused(broughtBy(bomb), { code: 'limit.archive', verdict: 'inconclusive' })
  })
  test('more than assets can be, at an honest ratio', async () => {
    await expectTrusted(broughtBy(swollen(100, 30_000)))
    await expectRefused(broughtBy(swollen(513, 30_000)), { code: 'limit.archive', verdict: 'inconclusive' })
  })

  test('bytes after the end of the archive are no part of it', async () => {
    const whole = tarGz([sbom, good])
    await expectTrusted(broughtBy(whole))
    for (const more of [Buffer.alloc(1), Buffer.alloc(100_000), Buffer.from('more')])
      await expectRefused(broughtBy(Buffer.concat([whole, more])), {
        code: 'archive.malformed',
        verdict: 'inconclusive',
      })
  })

  test('one cut short is no archive', async () => {
    await expectTrusted(broughtBy(tarGz([sbom, good])))
    const cut = tarGz([sbom, good])
    await expectRefused(broughtBy(cut.subarray(0, cut.length - 40)), {
      code: 'archive.malformed',
      verdict: 'inconclusive',
    })
    await expectRefused(broughtBy(tar([sbom, good])), { code: 'archive.malformed', verdict: 'inconclusive' })
  })
})
