import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lackingLevel, readLevels } from '../../src/core/slsa-level.ts'
import { corpus } from '../attacks/corpus.ts'

test('a level of each track, properties of the specification, words of others', () => {
  const read = readLevels(['SLSA_BUILD_LEVEL_3', 'SLSA_SOURCE_LEVEL_UNEVALUATED', 'SLSA_BUILD_REPRODUCED', 'FEDRAMP'])
  expect(read).toEqual({
    tracks: new Map([
      ['BUILD', 3],
      ['SOURCE', -1],
    ]),
    words: new Set(['SLSA_BUILD_REPRODUCED', 'FEDRAMP']),
  })
  expect(readLevels([])).toEqual({ tracks: new Map(), words: new Set() })
})

test.each([
  'SLSA_',
  'SLSA_BUILD_LEVEL_',
  'SLSA_BUILD_LEVEL_3 ',
  'SLSA_build_LEVEL_3',
  'SLSA_BUILD_LEVEL_3.5',
  'SLSA_BUILD_LEVEL_unevaluated',
  'SLSA_BUILD_LEVEL_1000',
])('%j is none', (text) => {
  expect(readLevels(['SLSA_BUILD_LEVEL_1', text])).toEqual({ problem: text })
})

test('a word that only begins alike is a word', () => {
  expect(readLevels(['SLSABUILD', 'slsa_build_level_3'])).toEqual({
    tracks: new Map(),
    words: new Set(['SLSABUILD', 'slsa_build_level_3']),
  })
})

test('the first that lacks is named', () => {
  const read = readLevels(['SLSA_BUILD_LEVEL_2', 'OWN'])
  if ('problem' in read) throw new Error(read.problem)
  expect(lackingLevel(['OWN', 'SLSA_BUILD_LEVEL_1', 'SLSA_BUILD_LEVEL_2'], read)).toBeUndefined()
  expect(lackingLevel(['OWN', 'SLSA_BUILD_LEVEL_3', 'OTHER'], read)).toBe('SLSA_BUILD_LEVEL_3')
  expect(lackingLevel(['OTHER'], read)).toBe('OTHER')
})

type Vectors = { readonly rows: readonly Record<string, unknown>[] }
const vectors = (name: string) =>
  (JSON.parse(readFileSync(join(corpus, `vectors/slsa-verifier.vsa.${name}.json`), 'utf8')) as Vectors).rows

test.skipIf(!existsSync(join(corpus, 'vectors')))("slsa-verifier's own vectors", () => {
  for (const { name, levels, want } of vectors('Test_extractSLSALevels')) {
    const read = readLevels(levels as readonly string[])
    const found = 'problem' in read ? undefined : Object.fromEntries(read.tracks)
    expect({ name, found }).toEqual({ name, found: want })
  }
  for (const { name, vsa, vsaOpts } of vectors('Test_matchVerifiedLevels') as unknown as readonly {
    readonly name: string
    readonly vsa: { readonly Predicate: { readonly VerifiedLevels: readonly string[] } }
    readonly vsaOpts: { readonly ExpectedVerifiedLevels: readonly string[] }
  }[]) {
    const read = readLevels(vsa.Predicate.VerifiedLevels)
    const lacking = 'problem' in read ? read.problem : lackingLevel(vsaOpts.ExpectedVerifiedLevels, read)
    expect({ name, lacking }).toEqual({ name, lacking: name.startsWith('success') ? undefined : expect.any(String) })
  }
})
