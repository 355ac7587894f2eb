import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, decodeUtf8, type Json, parseJson, seal } from '../../src/core/json.ts'

describe('canonical JSON (RFC 8785)', () => {
  test('section 3.2.3: keys in the order of their UTF-16 code units', () => {
    const value = {
      '€': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '😀': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      ö: 'Latin Small Letter O With Diaeresis',
    }
    expect([...canonicalJson(value).matchAll(/:"([^"]+)"/g)].map(([, name]) => name)).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ])
  })

  test('section 3.2.2: strings and literals', () => {
    const string = '€$\u000F\nA\'B"\\\\"/'
    expect(canonicalJson({ string, literals: [null, true, false] })).toBe(
      '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  test('no blanks, no left-out members, keys sorted at every depth', () => {
    expect(canonicalJson({ b: [{ z: 1, a: 2 }], a: undefined, '': {} })).toBe('{"":{},"b":[{"a":2,"z":1}]}')
    expect(canonicalJson([-0, 0, 9007199254740991, -9007199254740991])).toBe('[0,0,9007199254740991,-9007199254740991]')
  })

  test.each([
    ['a float', 0.5],
    ['an exponent', 1e21],
    ['more than 53 bits', 2 ** 53],
    ['no number', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a lone surrogate', '\ud800'],
    ['a lone surrogate in a key', { '\udc00': 1 }],
    ['one at the end', ['a\ud83d']],
  ] satisfies [string, Json][])('refuses %s', (_, value) => expect(() => canonicalJson(value)).toThrow(TypeError))

  test('__proto__ is a key like any other', () => {
    const value = JSON.parse('{"b":1,"__proto__":{"a":2}}') as Json
    expect(canonicalJson(value)).toBe('{"__proto__":{"a":2},"b":1}')
  })

  const json = fc.jsonValue({ maxDepth: 4, noUnicodeString: false }).filter((value) => {
    const floats = JSON.stringify(value).replace(/"(?:[^"\\]|\\.)*"/g, '')
    return (floats.match(/-?\d[\d.eE+-]*/g) ?? []).every((number) => Number.isSafeInteger(Number(number)))
  }) as fc.Arbitrary<Json>

  test('means the same, and is its own canonical form', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(JSON.parse(text) as Json)).toBe(text)
      }),
    )
  })

  test('does not depend on the order in which keys were written', () => {
    const object = fc.dictionary(fc.string(), fc.integer())
    fc.assert(
      fc.property(object, (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse())
        expect(seal(turned).digest).toBe(seal(value).digest)
      }),
    )
  })
})

describe('reading JSON of strangers', () => {
  const read = (text: string | Uint8Array) => parseJson(text, 8)

  test('T35 a key that stands twice in one object is named', () => {
    for (const [text, key] of [
      ['{"a":1,"a":2}', 'a'],
      ['{"a":1,"A":2}', 'a'],
      ['{"x":{"b":1,"b":1}}', 'b'],
      ['[{"b":1},{"b":1,"c":[],"b":1}]', 'b'],
      ['{"a":1,"\\u0061":2}', 'a'],
      ['{"a" :1, "a"\n:2}', 'a'],
      ['{"":1,"":2}', ''],
      ['{"\\\\":1,"\\u005c":2}', '\\'],
      ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ] as const)
      expect(read(text), text).toMatchObject({ duplicateKey: key })
  })

  test('T35 what only looks like one is none', () => {
    for (const text of [
      '{"a":1,"b":{"a":2}}',
      '[{"a":1},{"a":2}]',
      '{"a":"a","b":"a"}',
      '["a","a"]',
      '{"a":"{\\"b\\":1,\\"b\\":2}"}',
      '{"a":"\\\\","b":"\\""}',
      '{"a":["b","c"],"b":1}',
    ]) {
      expect(read(text), text).not.toHaveProperty('duplicateKey')
      expect(read(text), text).toHaveProperty('value')
    }
  })

  test('depth is counted, not length', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(read(nested(8))).toHaveProperty('value')
    expect(read(nested(9))).toEqual({ problem: 'too-deep' })
    expect(read('{"a":'.repeat(9) + '1'.concat('}'.repeat(9)))).toEqual({ problem: 'too-deep' })
    expect(read('['.repeat(1_000_000))).toEqual({ problem: 'too-deep' })
    expect(read(`[${'[],'.repeat(10_000)}"${'['.repeat(100)}"]`)).toHaveProperty('value')
  })

  test('bytes that are no UTF-8 and text that is no JSON', () => {
    expect(read(Buffer.from([0x22, 0xff, 0x22]))).toEqual({ problem: 'not-utf8' })
    expect(read(Buffer.from([0xed, 0xa0, 0x80]))).toEqual({ problem: 'not-utf8' }) // an encoded surrogate
    expect(read(Buffer.from([0xc0, 0xaf]))).toEqual({ problem: 'not-utf8' }) // an overlong slash
    for (const text of ['', '{', '{"a"}', '{a:1}', "{'a':1}", '[1,]', '\ufeff{}', '{}{}', '"', '{"a":"', 'NaN'])
      expect(read(text), text).toEqual({ problem: 'not-json' })
    expect(decodeUtf8(Buffer.from('\ufeffa'))).toBe('\ufeffa')
  })

  test('T54 parts and long strings are counted before anything is built; a number keeps its value or is refused', () => {
    const bounded = (text: string) => parseJson(text, 8, { parts: 5, text: 3 })
    expect(bounded('[1,2,3,4]')).toHaveProperty('value')
    expect(bounded('[1,2,3,4,5]')).toEqual({ problem: 'too-many-parts' })
    expect(bounded('{"a":{"b":{"c":1}}}')).toEqual({ problem: 'too-many-parts' })
    expect(bounded('"abc"')).toEqual({ value: 'abc' })
    expect(bounded('"abcd"')).toEqual({ problem: 'too-long' })
    for (const good of ['9007199254740991', '-9007199254740991', '0.1', '1e300', '0.12345678901234567890'])
      expect(parseJson(good, 8), good).toEqual({ value: Number(good) })
    for (const bad of ['9007199254740992', '-9007199254740993', '1e309', '[18446744073709551615]'])
      expect(parseJson(bad, 8), bad).toEqual({ problem: 'inexact-number' })
  })

  test('answers like JSON.parse wherever nothing is wrong', () => {
    const exact = (text: string) =>
      (text.match(/-?\d{16,}(?![\d.e])/g) ?? []).every((one) => Number.isSafeInteger(Number(one)))
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const text = JSON.stringify(value)
        fc.pre(exact(text.replace(/"(?:[^"\\]|\\.)*"/g, '')))
        expect(read(text)).toMatchObject({ value: JSON.parse(text) as unknown })
      }),
    )
  })
})
