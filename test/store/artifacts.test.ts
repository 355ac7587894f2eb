import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Digest } from '../../src/core/digest.ts'
import { limits } from '../../src/core/limits.ts'
import { findArtifact } from '../../src/store/artifacts.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { toColumn } from '../../src/store/digest-column.ts'
import { newId } from '../../src/store/id.ts'
import { migrate } from '../../src/store/migrate.ts'
import { outcomesByDay } from '../../src/store/overview.ts'
import { preparedFolder } from './prepared.ts'

let database: Database
beforeAll(async () => {
  database = await openDatabase(await preparedFolder(), limits, () => {})
  await migrate(database)
})
afterAll(() => database.close())

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}` as Digest
const day = (n: number): Date => new Date(Date.UTC(2026, 0, n))

test('a tag that led to a digest and leads elsewhere now says where', async () => {
  const { db } = database
  for (const letter of ['a', 'b'])
    await db
      .insertInto('artifact')
      .values({ digest: toColumn(digest(letter)), first_seen: day(1) })
      .execute()
  const seen = (letter: string, tag: string, from: number, to: number) =>
    db
      .insertInto('tag_sighting')
      .values({
        registry: 'r.test',
        repository: 'x',
        tag,
        digest: toColumn(digest(letter)),
        first_seen: day(from),
        last_seen: day(to),
      })
      .execute()
  await seen('a', '1', 1, 2)
  await seen('b', '1', 3, 4)
  await seen('a', '2', 1, 5)
  // Moved and come back: it leads here again.
  await seen('b', '3', 1, 2)
  await seen('a', '3', 3, 4)
  const artifact = await findArtifact(database, digest('a'), 10)
  expect(artifact?.sightings.map(({ image, movedTo }) => [image.slice(-1), movedTo]).sort()).toEqual([
    ['1', digest('b')],
    ['2', undefined],
    ['3', undefined],
  ])
  expect(await findArtifact(database, digest('c'), 10)).toBeUndefined()
})

test('outcomes are counted by the day, UTC, on which they came', async () => {
  const ended = async (at: string, outcome: 'trusted' | 'rejected') =>
    database.db
      .insertInto('request')
      .values({
        id: newId(),
        kind: 'verification',
        spec: Buffer.from('{}'),
        subject: 'x',
        policy: 'y',
        state: 'done',
        outcome,
        result: Buffer.from('{}'),
        due_at: day(1),
        created_at: day(1),
        done_at: new Date(at),
      })
      .execute()
  await ended('2026-02-01T00:00:00.000Z', 'trusted')
  await ended('2026-02-01T23:59:59.999Z', 'trusted')
  await ended('2026-02-02T00:00:00.000Z', 'rejected')
  await ended('2026-01-31T23:59:59.999Z', 'rejected')
  const days = await outcomesByDay(database, new Date('2026-02-01T00:00:00.000Z'))
  expect([...days].sort((a, b) => (a.day < b.day ? -1 : 1))).toEqual([
    { day: '2026-02-01', outcome: 'trusted', count: 2 },
    { day: '2026-02-02', outcome: 'rejected', count: 1 },
  ])
})
