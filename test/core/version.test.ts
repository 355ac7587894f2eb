import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareVersions, formatVersion, versionOf } from '../../src/core/version.ts'

test.each([
  ['2.14.3', '2.14.3'],
  ['v2.14.3', '2.14.3'],
  ['2.14.3-rc.1', '2.14.3-rc.1'],
  ['2.7.0-preview.v579166351', '2.7.0-preview.v579166351'],
  ['2.14.3-arm64', '2.14.3'],
  ['2.14.3-amd64', '2.14.3'],
  ['0.0.0', '0.0.0'],
])('the tag %s claims %s', (tag, version) => {
  const read = versionOf(tag)
  if (read === undefined) throw new Error('not read')
  expect(formatVersion(read)).toBe(version)
})

test.each([
  'latest',
  '2',
  '2.14',
  '2.14.3.4',
  'V2.14.3',
  'vv2.14.3',
  '2.14.x',
  '2.14.3-',
  '2.14.3+build',
  ' 2.14.3',
  '2.14.3\n',
  '',
  '١.٢.٣',
])('%j is no full version', (tag) => expect(versionOf(tag)).toBeUndefined())

const order = [
  '1.99.99',
  '2.7.3',
  '2.7.4-alpha',
  '2.7.4-rc.1',
  '2.7.4',
  '2.7.5-rc.1',
  '2.7.10',
  '2.8.0',
  '2.14.3',
  '10.0.0',
]
const read = (text: string) => {
  const version = versionOf(text)
  if (version === undefined) throw new Error(text)
  return version
}

test('versions are ordered as numbers, and what comes before a release before it', () => {
  for (const [i, a] of order.entries())
    for (const [j, b] of order.entries())
      expect(Math.sign(compareVersions(read(a), read(b))), `${a} ${b}`).toBe(Math.sign(i - j))
})

test('the order is one: total, and its own mirror', () => {
  const part = fc.nat(12)
  const any = fc
    .record({ major: part, minor: part, patch: part, pre: fc.constantFrom('', 'a', 'rc.1') })
    .map(({ pre, ...rest }) => ({
      ...rest,
      ...(pre !== '' && { pre }),
    }))
  fc.assert(
    fc.property(any, any, any, (a, b, c) => {
      expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0)
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
      expect(versionOf(formatVersion(a))).toEqual(a)
    }),
  )
})
