import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const top = join(import.meta.dirname, '../..')
const corpus = process.env['MESHPROOF_CORPUS'] ?? join(top, '../shared/corpus')
const cases = join(corpus, 'kong-release/cases.json')
const readme = readFileSync(join(top, 'README.md'), 'utf8')

type Case = {
  readonly id: string
  readonly expect: { readonly verdict: string; readonly area: string }
  readonly cosign2?: { exit: number }
  readonly cosign3?: { exit: number }
}

/** Rows of the table of what the documented command lets through: case, cosign 2, cosign 3, our code. */
const rows = [...readme.matchAll(/^\| .*\(`([\w-]+)`\) \| (\S+) \| (\S+) \| rejected: `([\w.-]+)` \|$/gm)].map(
  ([, id, cosign2, cosign3, code]) => ({ id, cosign2, cosign3, code: code ?? '' }),
)

test('the README has a table of what the documented command lets through', () => {
  expect(rows.length).toBeGreaterThanOrEqual(12)
})

test.skipIf(!existsSync(cases))(
  'the README says of each row what the real tools said, and the area in which we reject it',
  () => {
    const all = JSON.parse(readFileSync(cases, 'utf8')) as readonly Case[]
    for (const { id, cosign2, cosign3, code } of rows) {
      const found = all.find((one) => one.id === id)
      expect(found, id).toBeDefined()
      expect(found?.expect.verdict, id).toBe('rejected')
      expect(code.split('.')[0], id).toBe(found?.expect.area === 'absent' ? 'signature' : found?.expect.area)
      expect({ id, cosign3: found?.cosign3?.exit === 0 }).toEqual({ id, cosign3: cosign3 === 'passes' })
      if (cosign2 !== '–')
        expect({ id, cosign2: found?.cosign2?.exit === 0 }).toEqual({ id, cosign2: cosign2 === 'passes' })
    }
  },
)
