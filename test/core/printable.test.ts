import { expect, test } from 'vitest'
import { printable, printableAscii } from '../../src/core/printable.ts'

test('T80 what moves a cursor, turns text around or cannot be seen is spelled out', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['\u001b[31mred', '\\u001b[31mred'],
    ['a\nb\rc\td\u0000', 'a\\u000ab\\u000dc\\u0009d\\u0000'],
    ['\u009b31m', '\\u009b31m'],
    ['\u007f', '\\u007f'],
    ['gnp.\u202egpj', 'gnp.\\u202egpj'],
    ['\u2066x\u2069', '\\u2066x\\u2069'],
    ['ko\u200bng', 'ko\\u200bng'],
    ['\ufeffx', '\\ufeffx'],
    ['a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['a\u00a0b\u3000c', 'a\\u00a0b\\u3000c'],
    ['\ud800', '\\ud800'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\u3164\u2800', '\\u3164\\u2800'],
    ['\ue000', '\\ue000'],
  ]
  for (const [hostile, shown] of cases) expect(printable(hostile)).toBe(shown)
})

test('T80 text of any script stays, and what was made printable stays the same', () => {
  for (const text of ['docker.io/kong/kuma-cp:2.14.3', 'Größe', 'メッシュ', 'К', '😀 a b', '\\u001b'])
    expect(printable(text)).toBe(text)
  const once = printable('\u001b\u202e')
  expect(printable(once)).toBe(once)
})

test('T80 a letter that only looks like another is told apart where it matters', () => {
  expect(printableAscii('K\u043eng')).toBe('K\\u043eng')
  expect(printableAscii('Kong')).toBe('Kong')
})
