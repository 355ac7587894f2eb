import { expect, test } from 'vitest'
import { isId, newId } from '../../src/store/id.ts'

test('ids sort as they were made, also within one millisecond', () => {
  const now = Date.parse('2026-01-15T14:00:00Z')
  const ids = Array.from({ length: 1_000 }, () => newId(now))
  expect(ids.every(isId)).toBe(true)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.toSorted()).toEqual(ids)
  expect(newId(now + 1) > (ids.at(-1) ?? '')).toBe(true)
})
