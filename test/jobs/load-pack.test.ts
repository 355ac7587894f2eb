import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Digest, digestOf, hexOf } from '../../src/core/digest.ts'
import { limits } from '../../src/core/limits.ts'
import { isLookup, type Question } from '../../src/core/observation.ts'
import { nameOf, partsOf } from '../../src/core/reference.ts'
import { type Pack, packType } from '../../src/evidence/pack/format.ts'
import { readPack } from '../../src/evidence/pack/read.ts'
import { loadPack } from '../../src/jobs/load-pack.ts'
import { checkKept, loadFrom, type Replayer, replayKept, replayStored } from '../../src/jobs/stored-replay.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { fromColumn, toColumn } from '../../src/store/digest-column.ts'
import { keptUnder } from '../../src/store/evidence.ts'
import { historyOf } from '../../src/store/history.ts'
import { migrate } from '../../src/store/migrate.ts'
import { Requests } from '../../src/store/requests.ts'
import { preparedFolder } from '../store/prepared.ts'

const shipped = join(import.meta.dirname, '../../demo/pack')
let database: Database
let scratch: string
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'meshproof-pack-'))
  database = await openDatabase(await preparedFolder(), limits, () => {})
  await migrate(database)
})
afterAll(async () => {
  await database.close()
  rmSync(scratch, { recursive: true })
})

const rows = () => new Requests(database).list({}, 100)

/** A pack whose record says otherwise, every digest along the way made right again: a forger has the time. */
async function forged(name: string, change: (pack: Pack) => Pack): Promise<string> {
  const folder = join(scratch, name)
  cpSync(shipped, folder, { recursive: true })
  const { pack } = await readPack(shipped, limits)
  const blob = (bytes: Buffer): { digest: Digest; size: number } => {
    const digest = digestOf(bytes)
    writeFileSync(join(folder, 'blobs/sha256', hexOf(digest)), bytes)
    return { digest, size: bytes.length }
  }
  const read = (place: string) => JSON.parse(readFileSync(join(folder, place), 'utf8'))
  const index = read('index.json')
  for (const entry of index.manifests) {
    const manifest = read(`blobs/sha256/${hexOf(entry.digest)}`)
    const layer = manifest.layers.find((one: { mediaType: string }) => one.mediaType === packType)
    if (layer === undefined) continue
    Object.assign(layer, blob(Buffer.from(JSON.stringify(change(pack)))))
    Object.assign(entry, blob(Buffer.from(JSON.stringify(manifest))))
  }
  writeFileSync(join(folder, 'index.json'), JSON.stringify(index))
  return folder
}

test('T94 a pack with an altered blob adds nothing', async () => {
  const folder = join(scratch, 'altered')
  cpSync(shipped, folder, { recursive: true })
  const { pack } = await readPack(shipped, limits)
  const place = join(folder, 'blobs/sha256', hexOf(pack.requests[0]?.evidence ?? ('' as Digest)))
  writeFileSync(place, readFileSync(place, 'utf8').replace('2.14.3', '2.14.4'))
  await expect(loadPack({ database, limits }, folder, null)).rejects.toThrow('evidence.digest-mismatch')
  expect(await rows()).toEqual([])
})

test('T94 a verdict that its evidence does not come to is refused, and nothing of the pack is kept', async () => {
  const folder = await forged('forged', ({ requests: [trusted, rejected, ...rest], ...pack }) => {
    if (trusted === undefined || rejected === undefined) throw new Error('no requests')
    // The rejected image claims the verdicts of the trusted one.
    const claimed = rejected.verdicts.map((one, i) => ({
      ...one,
      verdict: trusted.verdicts[i]?.verdict ?? one.verdict,
    }))
    return { ...pack, requests: [trusted, { ...rejected, verdicts: claimed }, ...rest] }
  })
  await expect(loadPack({ database, limits }, folder, null)).rejects.toThrow('pack.malformed')
  expect(await rows()).toEqual([])
})

test('what an answer only says is not believed: the stored one is what the evidence came to', async () => {
  const folder = await forged('said', ({ requests, ...pack }) => ({
    ...pack,
    requests: requests.map((one) => ({
      ...one,
      answer: JSON.parse(JSON.stringify(one.answer).replaceAll('"rejected"', '"trusted"')),
    })),
  }))
  expect(await loadPack({ database, limits }, folder, null)).toHaveLength(4)
  expect((await rows()).map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected', 'rejected', 'trusted'])
})

test('the shipped pack is there already then: the same questions are not asked twice', async () => {
  expect(await loadPack({ database, limits }, shipped, null)).toEqual([])
  expect(await rows()).toHaveLength(4)
})

test('everything that the verdicts stand on is kept by its digest, and recorded', async () => {
  const { pack, bytes } = await readPack(shipped, limits)
  for (const { evidence, policy, trust, verdicts } of pack.requests)
    for (const digest of [evidence, policy, trust?.digest ?? evidence, ...verdicts.map(({ verdict }) => verdict)])
      expect((await keptUnder(database, digest))?.bytes, digest).toEqual(bytes(digest))
  const { db } = database
  const kinds = await db.selectFrom('record').select('kind').orderBy('id').execute()
  expect(kinds.map(({ kind }) => kind).sort()).toEqual([...Array(4).fill('request'), ...Array(4).fill('verdict')])
  for (const { verdict } of pack.requests.flatMap(({ verdicts }) => verdicts)) {
    const rowsOf = await db.selectFrom('finding').select('code').where('verdict', '=', toColumn(verdict)).execute()
    expect(rowsOf.length).toBeGreaterThan(5)
  }
  // Nobody asked a registry, so no tag was seen.
  expect(await db.selectFrom('tag_sighting').selectAll().execute()).toEqual([])
})

test('T27 what a pack brought is no history: nobody here has seen it', async () => {
  const { db } = database
  const history = historyOf(database, limits)
  const asked = await db.selectFrom('observation').select('question').where('outcome', '=', 'found').execute()
  const lookups = asked.map(({ question }) => JSON.parse(question) as Question).filter(isLookup)
  expect(lookups.length).toBeGreaterThan(4)
  expect(await history.earlier(lookups)).toEqual([])
  const [part] = await db.selectFrom('artifact_member').select('member').execute()
  const [of] = lookups.filter(({ ask }) => ask === 'tag')
  if (part === undefined || of === undefined) throw new Error('the pack holds an index and its signatures')
  expect(await history.indexOf(nameOf(partsOf(of.image)), fromColumn(part.member))).toEqual({ absent: true })
})

/** As a thread of the service does. */
const inPlace: Replayer = {
  replay: (result, instead) => replayKept(result, instead, loadFrom(database), limits),
  check: (result) => checkKept(result, loadFrom(database), limits),
}

test('judged again from the database alone it comes to the same bytes', async () => {
  const { pack } = await readPack(shipped, limits)
  for (const { id, verdicts } of pack.requests)
    for (const { verdict } of verdicts)
      expect((await replayStored({ database, limits, replayer: inPlace }, verdict)).same, id).toBe(true)
})
