import { expect, test } from 'vitest'
import { codesIn, codesUnused, codesWithoutTest, lists } from './codes.ts'
import { readJson } from './files.ts'

const shrink = 'take it out of the list: npm run codes'

test('every code of the table is named by a test, or stands in the list of those that wait for one', () => {
  const listed = readJson(lists.withoutTest) as string[]
  expect(codesWithoutTest().filter((code) => !listed.includes(code))).toEqual([])
})

test('no code that has a test, or is gone, stands in the list of those without: it only shrinks', () => {
  const open = codesWithoutTest()
  expect(
    (readJson(lists.withoutTest) as string[]).filter((code) => !open.includes(code)),
    shrink,
  ).toEqual([])
})

test('every code of the table is used by the program, or stands in the list of those that wait for it', () => {
  const listed = readJson(lists.unused) as string[]
  expect(codesUnused().filter((code) => !listed.includes(code))).toEqual([])
})

test('no code that is used, or is gone, stands in the list of the unused: it only shrinks', () => {
  const unused = codesUnused()
  expect(
    (readJson(lists.unused) as string[]).filter((code) => !unused.includes(code)),
    shrink,
  ).toEqual([])
})

test('a code is found as a literal, in golden text and behind a template, not as part of another word', () => {
  expect([...codesIn("fail('signature.absent')")]).toEqual(['signature.absent'])
  expect([...codesIn('rejected  signature.absent: No signature')]).toEqual(['signature.absent'])
  expect([...codesIn('`$'.concat('{stage}.not-evaluated`'))]).toContain('log.not-evaluated')
  expect([...codesIn('`sct.$'.concat('{why}`'))]).toContain('sct.absent')
  expect([...codesIn('signature.absent-minded, a.signature.absent, `$'.concat('{a}.$', '{b}`'))]).toEqual([])
})
