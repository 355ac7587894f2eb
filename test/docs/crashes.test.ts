/** docs/crashes.md says only what a test shows. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { points } from '../crash/points.ts'

const top = join(import.meta.dirname, '../..')
const [crashes = '', others = ''] = readFileSync(join(top, 'docs/crashes.md'), 'utf8').split('## What else may fail')
/** The last cell of each row of a table. */
const shown = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => /^\|(?! -)/.test(line))
    .slice(1)
    .map((line) => line.split('|').at(-2)?.trim() ?? '')

test('each point at which a process is killed is in the table, and no other', () => {
  const told = shown(crashes).flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, point = '']) => point))
  expect(told.toSorted()).toEqual(points.toSorted())
})

test('each failure names its test, which bears its id', () => {
  expect(shown(others).length).toBeGreaterThan(10)
  for (const cell of shown(others)) {
    const [id = '', ...files] = cell.split(', ')
    expect([cell, /^R\d+$/.test(id), files.length > 0]).toEqual([cell, true, true])
    for (const file of files)
      expect([file, id, new RegExp(`['"\`(, ]${id}[:, ]`).test(readFileSync(join(top, file), 'utf8'))]).toEqual([
        file,
        id,
        true,
      ])
  }
})
