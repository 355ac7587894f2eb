/** T77, T83: one matcher for all patterns of people's policies, and what it means. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compilePattern, patternLimit } from '../../src/core/pattern.ts'

/** Known for what they do to engines that go back (OWASP, and reports on validators of mail addresses, URLs and dates). */
const evil: readonly (readonly [string, string])[] = [
  ['^(a+)+$', 'a'],
  ['^([a-zA-Z]+)*$', 'a'],
  ['^(a|aa)+$', 'a'],
  ['^(a|a?)+$', 'a'],
  ['^(.*a){20}$', 'a'],
  ['^(a*)*b$', 'a'],
  ['(x+x+)+y', 'x'],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'],
  ['^(\\w+\\s?)*$', 'a '],
  ['(.*)*=(.*)*', 'a'],
  ['^(\\d+)*[a-z]$', '1'],
  ['\\s*,\\s*$', ' '],
  ['^(\\s|\\t)*$', '\t'],
  ['^((ab)*)+$', 'ab'],
  ['(a?){25}a{25}', 'a'],
  ['^([^@]+)+@.*\\.com$', 'a'],
  ['^(0?|00?)*1$', '0'],
  ['(/+)*$x', '/'],
  ['^(-?\\d+,?)*;$', '1,'],
  ['(.+)+\\.(.+)+\\.(.+)+!', '.'],
]

describe('T77 patterns that make other engines hang', () => {
  test.each(evil)('T77 %s', (source, unit) => {
    const pattern = compilePattern(source)
    const text = `${unit.repeat(30_000 / unit.length)}\u0000`
    expect(typeof pattern?.whole(text)).toBe('boolean')
    expect(typeof pattern?.somewhere(text)).toBe('boolean')
  })

  test.each([
    '(?=a)',
    '(?!a)a',
    '(?<=a)b',
    '(?<!a)b',
    '(a)\\1',
    '(?>a)',
    '[',
    '(',
    ')',
    '*',
    'a{2,1}',
    '\\',
    '',
    '(?P<n>a)(?P=n)',
  ])('T77 what no linear engine can promise is no pattern: %j', (source) =>
    expect(compilePattern(source)).toBeUndefined(),
  )

  test('T77 its length is limited', () => {
    expect(compilePattern('a'.repeat(patternLimit))).toBeDefined()
    expect(compilePattern('a'.repeat(patternLimit + 1))).toBeUndefined()
  })
})

describe('T83 what a pattern means', () => {
  test.each([
    ['abc', 'abc', true, true],
    ['abc', 'xabcx', false, true],
    ['abc', 'ABC', false, false],
    ['a.c', 'abc', true, true],
    ['a.c', 'a\nc', false, false],
    ['a\\.c', 'abc', false, false],
    ['a|b', 'b', true, true],
    ['a|b', 'ab', false, true],
    ['^a$', 'a\n', false, false],
    ['^a$', 'b\na', false, false],
    ['(?i)abc', 'ABC', true, true],
    ['(?m)^a$', 'b\na', false, true],
    ['.*', '', true, true],
    ['a*', 'b', false, true],
    ['[[:alpha:]]+', 'ab', true, true],
    ['\\pL+', 'é', true, true],
    ['https://github\\.com/Kong/.*', 'https://github.com/Kong/', true, true],
    ['https://github\\.com/Kong/.*', 'https://github.com/Kong\u2028/x', false, false],
  ])('T83 %j on %j', (source, text, whole, somewhere) => {
    const pattern = compilePattern(source)
    expect([pattern?.whole(text), pattern?.somewhere(text)]).toEqual([whole, somewhere])
  })

  test('T83 no other place makes an expression of a text that came from outside', () => {
    const source = join(import.meta.dirname, '../../src')
    const made = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.ts') && /\bRegExp\(/.test(readFileSync(join(source, path), 'utf8')),
    )
    // Made of constants of its own.
    expect(made.sort()).toEqual(['core/reference.ts', 'evidence/registry/challenge.ts'])
  })
})
