/**
 * npm run attacks: which test stands for which attack. Reads the names of tests that start with an id (T08, L3, R12,
 * F-017; several as "T08 T09 …" or "T08, T09 …") from test/, and the codes that each of them names.
 *
 *   node scripts/attacks.mjs [--strict] [--root .]      --strict ends with 1 when an id of ids.json has no test
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { strict: { type: 'boolean' }, root: { type: 'string', default: '.' } },
})
const root = resolve(values.root)

const id = String.raw`(?:T\d{2,3}|L\d{1,2}|R\d{1,2}|F-\d{3})`
const call = String.raw`\b(?:test|it|describe)(?:\.\w+)*(?:\([^()]*\))?\(\s*`
/** A test's name, also as the first cell of a row of test.each, or behind its table. */
const named = new RegExp(
  String.raw`(?:${call}|[[{,:]\s*|[\])]\)\(\s*|as const\)\(\s*)(['"${'`'}])((?:${id}[ ,/+:]+)+)((?:(?!\1)[^\\\n]|\\.)*)\1`,
  'g',
)
const anyTest = /\n\s*(?:test|it|describe)\b/g

const codes = new Set(
  [...readFileSync(join(root, 'src/core/codes.ts'), 'utf8').matchAll(/^ {2}'([a-z-]+\.[a-z-]+)':/gm)].map(
    (it) => it[1],
  ),
)

const rows = readdirSync(join(root, 'test'), { recursive: true })
  // The tests of this very script talk of attacks that they do not stand for.
  .filter((path) => path.endsWith('.test.ts') && !path.startsWith('repository/'))
  .sort()
  .flatMap((path) => testsOf(`test/${path}`))
  .sort((a, b) => order(a.id) - order(b.id))

for (const { id, codes, name, path } of rows)
  console.log(`${id.padEnd(5)}  ${codes.join(' ') || '-'}\n       ${name}  (${path})`)

const list = join(root, 'test/attacks/ids.json')
const wanted = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : []
const without = wanted.filter((id) => !rows.some((row) => row.id === id))
console.log(`\n${wanted.length - without.length} of ${wanted.length} attacks have a test`)
if (without.length > 0) console.log(`No test yet: ${without.join(' ')}`)
process.exitCode = values.strict && without.length > 0 ? 1 : 0

function testsOf(path) {
  const text = readFileSync(join(root, path), 'utf8')
  return [...text.matchAll(named)].flatMap((match) => {
    const [whole, , ids, words] = match
    const body = text.slice(match.index, endOf(text, match.index + whole.length))
    const found = [...new Set(body.match(/[a-z-]+\.[a-z-]+/g) ?? [])].filter((it) => codes.has(it))
    return ids.match(new RegExp(id, 'g')).map((one) => ({ id: one, codes: found, name: `${ids}${words}`.trim(), path }))
  })
}

/** A test reaches to the next one. */
function endOf(text, from) {
  anyTest.lastIndex = from
  return anyTest.exec(text)?.index ?? text.length
}

function order(id) {
  return 'TLRF'.indexOf(id[0]) * 1000 + Number(id.replace(/\D/g, ''))
}
