/** Many calls in few statements: each is answered as if it were alone. */
import { expect, test } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import { together } from '../../src/store/together.ts'

const bounds = { most: 4, bytes: 100 }

test('what is asked for while one is under way goes together, within its bounds, and each gets its own answer', async () => {
  const runs: (readonly number[])[] = []
  const double = together(
    async (all: readonly number[]) => {
      runs.push(all)
      await new Promise((done) => setTimeout(done, 5))
      return all.map((one) => one * 2)
    },
    bounds,
    (one) => one,
  )
  expect(await Promise.all([1, 2, 3, 4, 5, 6].map(double))).toEqual([2, 4, 6, 8, 10, 12])
  expect(runs).toEqual([[1], [2, 3, 4, 5], [6]])
  runs.length = 0
  // One that is larger than the bound goes all the same, by itself.
  expect(await Promise.all([7, 300, 60, 50, 8].map(double))).toEqual([14, 600, 120, 100, 16])
  expect(runs).toEqual([[7], [300], [60], [50, 8]])
})

test('one that fails harms no other; where the database is away, all hear it once', async () => {
  let runs = 0
  const trouble = new Fault('database.unreachable', { status: 503 })
  const careful = together(async (all: readonly string[]) => {
    runs++
    await Promise.resolve()
    if (all.includes('away')) throw trouble
    if (all.includes('poison')) throw new Error('poison')
    return all
  }, bounds)
  const ended = async (...all: readonly string[]) =>
    (await Promise.allSettled(all.map(careful))).map((one) => (one.status === 'fulfilled' ? one.value : one.reason))
  expect(await ended('a', 'b', 'poison', 'c')).toEqual(['a', 'b', new Error('poison'), 'c'])
  runs = 0
  expect(await ended('a', 'b', 'away', 'c')).toEqual(['a', trouble, trouble, trouble])
  expect(runs).toBe(2)
  expect(await ended('d')).toEqual(['d'])
})
