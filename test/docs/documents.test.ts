import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPolicyFile } from '../../src/cli/policy-file.ts'
import { codes } from '../../src/core/codes.ts'
import { policyWarnings } from '../../src/policy/read.ts'

const top = join(import.meta.dirname, '../..')

test('docs/codes.md is what the table of codes says', () => {
  const run = spawnSync(process.execPath, [join(top, 'scripts/make-docs.ts'), '--check'], { encoding: 'utf8' })
  expect(run.stderr).toBe('')
  expect(run.status).toBe(0)
})

test.each(readdirSync(join(top, 'docs/policies')).filter((name) => name.endsWith('.yaml')))(
  'the example policy %s loads, without warnings',
  async (name) => {
    const read = await readPolicyFile(join(top, 'docs/policies', name))
    expect('problems' in read ? read.problems : []).toEqual([])
    if ('loaded' in read) expect(policyWarnings(read.loaded.policy)).toEqual([])
  },
)

test('documents name only codes that there are, and files that there are', () => {
  const files = [
    'README.md',
    ...readdirSync(join(top, 'docs'))
      .filter((name) => name.endsWith('.md') && name !== 'codes.md')
      .map((name) => `docs/${name}`),
  ]
  for (const file of files) {
    const text = readFileSync(join(top, file), 'utf8')
    const areas = new Set(Object.keys(codes).map((code) => code.split('.')[0]))
    for (const [, code = ''] of text.matchAll(/`([a-z]+\.[a-z]+(?:-[a-z]+)*)`/g))
      if (areas.has(code.split('.')[0]) && !/\.(ts|md|json|yaml|mjs|pub)$/.test(code) && !code.startsWith('trust.max'))
        expect(Object.keys(codes), `${file}: ${code}`).toContain(code)
  }
})
