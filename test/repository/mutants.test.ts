import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readJson, root } from './files.ts'

const run = (script: string, args: readonly string[]) =>
  spawnSync(process.execPath, [join(root, 'scripts', script), ...args], { encoding: 'utf8', cwd: root })

const mutants = readJson('test/mutants.json') as { id: string; file: string; find: string; test: string }[]

test.runIf(mutants.length > 0)('two of the mutants of this program turn their test red', { timeout: 300_000 }, () => {
  const { status, stdout } = run('mutants.mjs', ['--sample', '2'])
  expect([status, stdout]).toEqual([0, expect.stringMatching(/, 0 not\n/)])
})

test('every mutant takes a check out of the program that a test is named after', () => {
  for (const { id, file, find, test } of mutants) {
    expect(file, id).toMatch(/^(?:src|workers)\//)
    expect(readFileSync(join(root, file), 'utf8').split(find), `${id}: ${find}`).toHaveLength(2)
    expect(test, id).toMatch(/^test\/.*\.test\.ts$/)
    expect(id).toMatch(/^(?:[TLR]\d+|F-\d{3})$/)
  }
})

describe('the scripts over a small tree', () => {
  let tree: string

  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true })
    writeFileSync(join(tree, path), text)
  }
  const row = (id: string, find: string, replace: string) => ({
    id,
    file: 'src/a.ts',
    find,
    replace,
    test: 'test/a.test.ts',
  })

  beforeAll(() => {
    tree = mkdtempSync(join(tmpdir(), 'meshproof-tree-'))
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
    write('package.json', '{"type":"module"}')
    write('src/a.ts', 'export const isSmall = (n: number): boolean => n < 10 && n > -10\n')
    write('src/core/codes.ts', "const codes = {\n  'a.too-large': 1,\n  'a.odd': 1,\n}\n")
    write(
      'test/a.test.ts',
      `import { expect, test } from 'vitest'
import { isSmall } from '../src/a.ts'
test('T01 a large number is a.too-large', () => expect(isSmall(11)).toBe(false))
test('T02 any number', () => expect(isSmall(1)).toBe(true))
test('T10 T11 a very small number', () => expect(isSmall(-11)).toBe(false))
test('T12 red without a mutant', () => expect(isSmall(1)).toBe(false))
test.each([
  ['T20 a row of a table', 1],
])('%s', () => expect('a.odd').toBe('a.odd'))
`,
    )
    write('test/attacks/ids.json', '["T01", "T02", "T10", "T11", "T12", "T20", "L1"]')
    write(
      'test/mutants.json',
      JSON.stringify([
        row('T01', 'n < 10 && ', ''),
        row('T02', 'n < 10', 'n < 11'),
        row('T11', '> -10', '> -100'),
        row('T12', 'n < 10', 'n < 0'),
        row('T04', 'n < 10', 'n < 0'),
        row('T20', '10', '11'),
        row('T10', 'boolean =>', 'boolean => ('),
      ]),
    )
  })
  afterAll(() => rmSync(tree, { recursive: true }))

  test('a mutant is killed only by a test of its id that was green before and fails now', { timeout: 120_000 }, () => {
    const before = readFileSync(join(tree, 'src/a.ts'), 'utf8')
    const { status, stdout } = run('mutants.mjs', ['--root', tree])
    const table = stdout.slice(stdout.indexOf('\n\n'))
    const outcome = (id: string) => new RegExp(`^${id} .* s  (.*)$`, 'm').exec(table)?.[1]
    expect(
      Object.fromEntries(['T01', 'T02', 'T11', 'T12', 'T04', 'T20', 'T10'].map((id) => [id, outcome(id)])),
    ).toEqual({
      T01: 'killed',
      T02: 'SURVIVED',
      T11: 'killed',
      T12: 'no green test of that name without the mutant',
      T04: 'no green test of that name without the mutant',
      T20: 'its text occurs 2 times, not once',
      T10: 'the program does not load with it: no test ran',
    })
    expect([status, stdout.trim().split('\n').at(-1)]).toEqual([1, 'No mutant yet: L1'])
    expect(readFileSync(join(tree, 'src/a.ts'), 'utf8')).toBe(before)
  })

  test('ids choose among the mutants, a seed always the same ones', { timeout: 120_000 }, () => {
    expect(run('mutants.mjs', ['--root', tree, 'T01']).status).toBe(0)
    expect(run('mutants.mjs', ['--root', tree, 'T99']).status).toBe(1)
    const shares = [1, 2].map(() => run('mutants.mjs', ['--root', tree, '--sample', '2', '--seed', 'a']).stdout)
    const names = shares.map((it) => it.match(/^T\d\d(?= )/gm)?.join())
    expect(names[0]).toMatch(/^T\d\d,T\d\d$/)
    expect(names[1]).toBe(names[0])
  })

  test('attacks names each id, its codes and its test, and those without', () => {
    const { stdout, status } = run('attacks.mjs', ['--root', tree])
    expect(stdout).toContain('T01    a.too-large\n       T01 a large number is a.too-large  (test/a.test.ts)')
    expect(stdout).toContain('T10    -\n       T10 T11 a very small number')
    expect(stdout).toContain('T11    -\n')
    expect(stdout).toContain('T20    a.odd\n')
    expect(stdout).toContain('6 of 7 attacks have a test\nNo test yet: L1')
    expect(status).toBe(0)
    expect(run('attacks.mjs', ['--root', tree, '--strict']).status).toBe(1)
  })
})
