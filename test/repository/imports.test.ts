import { expect, test } from 'vitest'
import { filesIn, read } from './files.ts'
import { circles, impurities, specifiersOf, wrongWays } from './imports.ts'

const sources = [...filesIn('src'), ...filesIn('workers')]
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: read(path) }))

test('every room imports only what the design lists', () => {
  expect(sources.length).toBeGreaterThan(0)
  expect(sources.flatMap(wrongWays)).toEqual([])
})

test('pure rooms touch no I/O, no clock and no chance', () => {
  expect(sources.flatMap(impurities)).toEqual([])
})

test('no file of src reaches itself by its imports', () => {
  expect(circles(sources)).toEqual([])
})

test('bin/conformance and its program hold no verification: they do not import verify', () => {
  const own = [...filesIn('bin'), 'src/cli/conformance.ts', 'src/cli/conformance-protocol.ts']
    .filter((path) => sources.some((it) => it.path === path) || path.startsWith('bin/'))
    .map((path) => ({ path, text: read(path) }))
  expect(own.length).toBeGreaterThan(0)
  for (const { path, text } of own)
    expect(
      specifiersOf(text).filter((it) => /(^|\/)verify(\/|$)/.test(it)),
      path,
    ).toEqual([])
})

test.each([
  ['src/core/x.ts', "import { a } from '../verify/a.ts'"],
  ['src/core/x.ts', "import type { A } from '../policy/a.ts'"],
  ['src/verify/x.ts', "import { a } from '../policy/a.ts'"],
  ['src/verify/deep/x.ts', "import {\n  a,\n  b,\n} from '../../evidence/a.ts'"],
  ['src/policy/x.ts', "export * from '../judge/a.ts'"],
  ['src/judge/x.ts', "const a = await import('../evidence/a.ts')"],
  ['src/evidence/x.ts', "import '../judge/a.ts'"],
  ['src/evidence/x.ts', "import { a } from '../policy/a.ts'"],
  ['src/examine/x.ts', "import { a } from '../cli/a.ts'"],
  ['src/store/x.ts', "import { a } from '../judge/a.ts'"],
  ['src/report/x.ts', "import { a } from '../evidence/a.ts'"],
  ['src/jobs/x.ts', "import { a } from '../server/a.ts'"],
  ['src/report/model/x.ts', "import { a } from '../html.ts'"],
  ['src/store/x.ts', "import { a } from '../cli/a.ts'"],
  ['src/server/x.ts', "import { a } from '../cli/a.ts'"],
  ['src/cli/x.ts', "import { a } from '../../test/a.ts'"],
  ['src/cli/x.ts', "new Worker(new URL('../../scripts/a.mjs', import.meta.url))"],
  ['workers/x.ts', "import { a } from '../src/server/a.ts'"],
  ['src/stray/x.ts', ''],
  ['src/x.ts', ''],
])('a wrong way is found: %s, %j', (path, text) => {
  expect(wrongWays({ path, text })).toHaveLength(1)
})

test.each([
  ['src/judge/x.ts', "import { a } from '../verify/deep/a.ts'"],
  ['src/examine/x.ts', "import { a } from '../evidence/a.ts'\nimport { b } from '../core/b.ts'"],
  ['src/examine/x.ts', "import { a } from '../policy/a.ts'"],
  ['src/report/x.ts', "import { a } from './model/a.ts'"],
  ['src/cli/x.ts', "import { a } from '../examine/a.ts'"],
  ['workers/x.ts', "import { a } from '../src/jobs/a.ts'"],
  ['src/core/x.ts', " * @example import { a } from '../cli/a.ts'\n// from '../cli/a.ts'\nimport { z } from 'zod'"],
])('a right way passes: %s, %j', (path, text) => {
  expect(wrongWays({ path, text })).toEqual([])
})

test.each([
  "import { readFileSync } from 'node:fs'",
  "import { readFile } from 'node:fs/promises'",
  "import fs from 'fs'",
  "import net from 'node:net'",
  "import http from 'node:http'",
  "import https from 'node:https'",
  "import { lookup } from 'node:dns/promises'",
  "import { spawn } from 'node:child_process'",
  "import { Worker } from 'node:worker_threads'",
  "import { setTimeout } from 'node:timers/promises'",
  "import { request } from 'undici'",
  "import pg from 'pg'",
  "const fs = process.getBuiltinModule('node:fs')",
  "const { readFile } = await import('node:fs/promises')",
  'const now = Date.now()',
  'const now = new Date()',
  'const now = new Date',
  'const now = Date()',
  'const x = Math.random()',
  'const x = performance.now()',
  'const id = randomUUID()',
  'const answer = await fetch(url)',
  'class A {\n  *entries() { yield Date.now() }\n  *[Symbol.iterator]() { yield Date.now() }\n}',
])('an impurity is found in each pure room: %j', (text) => {
  for (const room of ['core', 'verify', 'mesh', 'policy', 'judge', 'ledger', 'report/model'])
    expect(impurities({ path: `src/${room}/x.ts`, text }), room).toHaveLength(1)
  expect(impurities({ path: 'src/evidence/x.ts', text })).toEqual([])
})

test('hashing, a date from a number and words in comments are pure', () => {
  const text = [
    "import { createHash } from 'node:crypto'",
    'const day = new Date(at)',
    'const validDate = (date: Date) => toDate(date)',
    '// Date.now() is forbidden here',
    '/** Math.random is, too. */',
    "import { fetchedAt } from './fs.ts'",
  ].join('\n')
  expect(impurities({ path: 'src/core/x.ts', text })).toEqual([])
})

test('a circle is found', () => {
  const a = { path: 'src/core/a.ts', text: "import { b } from './b.ts'" }
  const b = { path: 'src/core/b.ts', text: "import { c } from './c.ts'" }
  const c = { path: 'src/core/c.ts', text: "import { b } from './b.ts'" }
  expect(circles([a, b, c])).toEqual(['src/core/b.ts → src/core/c.ts → src/core/b.ts'])
  expect(circles([a, b])).toEqual([])
})
