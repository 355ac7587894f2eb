import { expect, test } from 'vitest'
import { plainName } from '../../../src/evidence/archive/names.ts'

test('spellings of one name are one name', () => {
  for (const name of ['x/y', './x/y', '././x/y', 'x//y', 'x/./y', 'x/y/'])
    expect(plainName(name, 100), name).toBe('x/y')
  expect(plainName('./', 100)).toBe('')
  expect(plainName('caf\u0065\u0301', 100)).toBe('caf\u00e9')
  expect(plainName('..x/x..', 100)).toBe('..x/x..')
})

test('T65 a name that leads out, or that two readers read in two ways, is none', () => {
  for (const name of [
    '../x',
    'x/../../y',
    'x/..',
    '/x',
    '//x',
    'C:x',
    'c:/x',
    'x\\..\\y',
    '\\x',
    'x\u0000y',
    'x\ny',
    'x\u007f',
    'x\ufffdy',
    'x\ud800',
    '',
    'x'.repeat(101),
  ])
    expect(plainName(name, 100), JSON.stringify(name)).toBeUndefined()
})
