import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { demo } from '../../src/cli/demo.ts'
import { type Digest, digestOf } from '../../src/core/digest.ts'
import { limits } from '../../src/core/limits.ts'
import type { VerdictAnswer } from '../../src/core/request.ts'
import { readPack } from '../../src/evidence/pack/read.ts'
import { replay } from '../../src/examine/replay.ts'
import { versions } from '../../src/examine/versions.ts'
import { root } from '../repository/files.ts'

const pack = join(root, 'demo/pack')
const folder = mkdtempSync(join(tmpdir(), 'meshproof-demo-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function run(place: string): Promise<{ readonly code: number; readonly text: string }> {
  let text = ''
  const code = await demo({ write: (part) => (text += part) }, { columns: 100, colour: false }, place)
  const page = /\/\S+\/verdicts\.html/.exec(text)?.[0]
  if (page !== undefined) rmSync(join(page, '..'), { recursive: true })
  return { code, text }
}

test('one trusted image, three rejected ones, each for its own reason, and it says whose authority it is', async () => {
  const { code, text } = await run(pack)
  expect(code).toBe(0)
  expect(text).toContain('1 trusted, 3 rejected')
  expect(text).toContain('its own throw-away authority')
  expect(text).toContain('All 4 verdicts are as foreseen.')
  expect(text.match(/would\s+let\s+it\s+through/g)).toHaveLength(3)
})

test('the page that it names is there and tells the four verdicts', async () => {
  let text = ''
  await demo({ write: (part) => (text += part) }, { columns: 100, colour: false })
  const page = /\/\S+\/verdicts\.html/.exec(text)?.[0] ?? ''
  const written = readFileSync(page, 'utf8')
  expect(written.match(/<article/g)).toHaveLength(4)
  expect(written).toContain('reference.mismatch')
  rmSync(join(page, '..'), { recursive: true })
})

test('a verdict that is not as foreseen ends it with 1', async () => {
  const { pack: record } = await readPack(pack, limits)
  const altered = join(folder, 'swapped')
  cpSync(pack, altered, { recursive: true })
  const names = record.requests.map(({ id }) => id ?? '')
  // The record calls the renamed image by the name of the good one, and the other way round.
  const swap = (text: string) =>
    text
      .replaceAll(`"id":"${names[0]}"`, '"id":"@"')
      .replaceAll(`"id":"${names[1]}"`, `"id":"${names[0]}"`)
      .replaceAll('"id":"@"', `"id":"${names[1]}"`)
  rewriteRecord(altered, swap)
  const { code, text } = await run(altered)
  expect(code).toBe(1)
  expect(text).toContain(`Not as foreseen: ${names[0]} is rejected (reference.mismatch)`)
})

test('the shipped pack replays to the bytes that it holds', async () => {
  const { pack: record, bytes } = await readPack(pack, limits)
  for (const request of record.requests) {
    const { same, answer } = await replay(request, bytes, {}, versions())
    expect([same, answer.verdict]).toEqual([true, (request.answer as VerdictAnswer).verdict])
  }
})

/** Writes the pack's record anew, under the digests that follow from it. */
function rewriteRecord(place: string, change: (text: string) => string): void {
  const read = (digest: string) => readFileSync(blob(place, digest), 'utf8')
  const index = JSON.parse(readFileSync(join(place, 'index.json'), 'utf8')) as {
    manifests: { digest: string; size: number }[]
  }
  const [entry] = index.manifests
  if (entry === undefined) throw new Error('no manifest')
  const manifest = JSON.parse(read(entry.digest)) as { layers: { mediaType: string; digest: string; size: number }[] }
  const record = manifest.layers.find(({ mediaType }) => mediaType.includes('pack'))
  if (record === undefined) throw new Error('no record')
  Object.assign(record, put(place, change(read(record.digest))))
  Object.assign(entry, put(place, JSON.stringify(manifest)))
  writeFileSync(join(place, 'index.json'), JSON.stringify(index))
}
const blob = (place: string, digest: string) => join(place, 'blobs/sha256', digest.slice('sha256:'.length))
function put(place: string, text: string): { readonly digest: Digest; readonly size: number } {
  const digest = digestOf(text)
  writeFileSync(blob(place, digest), text)
  return { digest, size: Buffer.byteLength(text) }
}
