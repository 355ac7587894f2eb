import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codes } from '../src/core/codes.ts'

/** Writes docs/codes.md from the one table of codes. `--check` only says whether it is up to date. */
const file = join(import.meta.dirname, '../docs/codes.md')
const lines = Object.entries(codes).flatMap(
  ([code, row]: [string, { says: string; next?: string; severity: string }]) => [
    `### ${code}`,
    '',
    `${row.says} *(${row.severity})*`,
    ...(row.next === undefined ? [] : ['', `**Next:** ${row.next}`]),
    '',
  ],
)
const text = [
  '# Codes',
  '',
  'Every finding and every problem carries one. Made from `src/core/codes.ts` by `npm run docs`; `{names}` are filled in.',
  '',
  ...lines,
].join('\n')

if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== text) {
    console.error('docs/codes.md is not what src/core/codes.ts says: run npm run docs')
    process.exit(1)
  }
} else writeFileSync(file, text)
