import { expect, test } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import { Rates } from '../../src/server/rates.ts'

const tried = (take: () => void): string => {
  try {
    take()
    return 'taken'
  } catch (error) {
    return error instanceof Fault ? `${error.code} ${error.retryAfter}` : String(error)
  }
}

test('as many as are allowed in a window, each key for itself, then again in the next', () => {
  let now = 0
  const rates = new Rates({ windowMs: 60_000, keys: 10, now: () => now })
  const take = (key: string) => tried(() => rates.take(key, 2))
  expect(['a', 'a', 'b', 'a', 'b', 'b'].map(take)).toEqual([
    'taken',
    'taken',
    'taken',
    'request.rate-limited 60',
    'taken',
    'request.rate-limited 60',
  ])
  now = 59_500
  expect(take('a')).toBe('request.rate-limited 1')
  now = 60_000
  expect(take('a')).toBe('taken')
})

test('R18 holds no more keys than it may, whoever comes', () => {
  const rates = new Rates({ windowMs: 60_000, keys: 100, now: () => 0 })
  for (let i = 0; i < 10_000; i++) rates.take(`10.0.${i >> 8}.${i & 255}`, 5)
  expect(rates.size).toBe(100)
})
