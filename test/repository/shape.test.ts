import { existsSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { filesIn, read, readJson, root } from './files.ts'

const source = [...filesIn('src'), ...filesIn('workers')]

/** One row a line or more, no logic: read by looking up, not from top to bottom. */
const tables = ['src/core/codes.ts']

test('no file of the program is longer than 400 lines, a table apart', () => {
  const files = source.filter((path) => path.endsWith('.ts') && !tables.includes(path))
  const long = files.filter((path) => read(path).trimEnd().split('\n').length > 400)
  expect(long).toEqual([])
})

test('no index.ts that re-exports, no drawer for utilities', () => {
  const drawer = /(?:^|\/)(?:index\.[mc]?[jt]s$|(?:utils?|helpers?|misc|common)(?:\/|\.[mc]?[jt]s$))/
  expect([...source, ...filesIn('test'), ...filesIn('scripts')].filter((path) => drawer.test(path))).toEqual([])
  expect('src/core/utils.ts').toMatch(drawer)
  expect('src/utils/time.ts').toMatch(drawer)
  expect('src/core/index.ts').toMatch(drawer)
})

/** Written in parts, so that this file does not find itself. A word before the slash makes it a part of something else. */
const places = ['work', 'home/[a-z][a-z0-9-]*', 'Users/[A-Za-z]+', 'root']
const machinePath = new RegExp(`(?<![\\w.-])/(?:${places.join('|')})/`)

test("no file names a place of somebody's machine", () => {
  const isText = (path: string) => statSync(join(root, path)).size < 1 << 20 && !read(path).includes('\0')
  const named = filesIn('.').filter((path) => isText(path) && machinePath.test(read(path)))
  expect(named).toEqual([])
  for (const place of ['work/main', 'home/anna/src']) expect(`in /${place}`).toMatch(machinePath)
})

test('every script of package.json is there', () => {
  const { scripts } = readJson('package.json') as { scripts: Record<string, string> }
  for (const [name, command] of Object.entries(scripts)) {
    const [program, file = ''] = command.split(' ')
    if (program === 'node') expect(existsSync(join(root, file)), name).toBe(true)
    else expect(existsSync(join(root, 'node_modules/.bin', program ?? '')), name).toBe(true)
  }
})

test.each(['bin/meshproof.mjs', 'bin/conformance', 'bin/conformance.mjs', '.ci/run'])('%s can be executed', (path) => {
  expect(statSync(join(root, path)).mode & 0o111).toBe(0o111)
  expect(basename(path)).not.toBe('')
})
