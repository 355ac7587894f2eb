/** Small readers at the door: base64, times, durations, pointers, digests. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64 } from '../../src/core/base64.ts'
import { digestOf, isDigest } from '../../src/core/digest.ts'
import { pointerOf, pointerToken } from '../../src/core/pointer.ts'
import { formatTime, parseDuration, parseTime } from '../../src/core/time.ts'

describe('base64', () => {
  test('L11 everything that was encoded is decoded', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(Buffer.from(bytes))
      }),
    )
  })
  test.each(['QQ', 'QQ=', 'QQ===', 'QR==', 'Q Q=', 'QQ==\n', '\nQQ==', '-_8=', 'QQ=A', '=', 'é', 'QQ==QQ=='])(
    'L11 %j is none',
    (text) => expect(decodeBase64(text)).toBeUndefined(),
  )
})

describe('times', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01T01:00:00+01:00', 0],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2026-01-15T12:00:00.123456789Z', Date.UTC(2026, 0, 15, 12, 0, 0, 123)],
  ])('%s', (text, ms) => expect(parseTime(text)).toBe(ms))

  test.each([
    '2026-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2016-12-31T23:59:60Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-01-01t00:00:00z',
    '2026-01-01 00:00:00Z',
    '1767225600',
    'now',
    '',
    ' 2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00Z\n',
  ])('%j is no time', (text) => expect(parseTime(text)).toBeUndefined())

  test('what is written is read again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
        expect(parseTime(formatTime(ms))).toBe(ms)
      }),
    )
  })

  test('durations', () => {
    expect(['P7D', 'PT1H30M', 'P1DT12H', 'P0D'].map(parseDuration)).toEqual([604_800_000, 5_400_000, 129_600_000, 0])
    for (const text of ['7D', 'P1W', 'P1Y', 'PT1S', 'P-1D', 'p1d', ''])
      expect(parseDuration(text), text).toBeUndefined()
  })
})

test('pointers (RFC 6901)', () => {
  expect(pointerToken('a/b~c')).toBe('a~1b~0c')
  expect(pointerOf(['requirements', 0, 'annotations', '~/'])).toBe('/requirements/0/annotations/~0~1')
  expect(pointerOf([])).toBe('')
})

test('digests', () => {
  expect(digestOf('')).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(isDigest(digestOf('a'))).toBe(true)
})
