/**
 * npm run mutants: takes one check out of the program and demands that its test turns red. The tests that stay green
 * without the check they are named after prove nothing.
 *
 *   node scripts/mutants.mjs [T08 …] [--sample N [--seed S]] [--strict] [--file test/mutants.json] [--root .]
 *
 * A row: { id: "T08", file: "src/…", find: "exact text, once", replace: "text", test: "test/attacks/….test.ts",
 * name: "pattern of test names, when it is not the id" }. Each runs in a copy of the tree; nothing here is touched.
 * Ends with 1 if a mutant survives, does not apply, does not load, or has no green test; with --strict also if an id
 * of test/attacks/ids.json has no row.
 */
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const { values, positionals: ids } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string' },
    strict: { type: 'boolean' },
    file: { type: 'string', default: 'test/mutants.json' },
    root: { type: 'string', default: '.' },
  },
})
const root = resolve(values.root)
const inParallel = 2
const deadline = 120_000
/** Tests that begin processes and databases: a sample of a few mutants leaves them to a run of all. */
const slow = /^test\/(?:cli|crash|deploy|e2e|jobs|server|store|workers)\//
/** A mutant may take a limit away: what grows beyond this is stopped. Resident bytes of a run, all its processes. */
const memory = 3 * 2 ** 30

const all = JSON.parse(readFileSync(join(root, values.file), 'utf8'))
const rows = choose(all)
if (rows.length === 0) {
  console.error(all.length === 0 ? `${values.file} holds no mutant` : `no mutant is called ${ids.join(', ')}`)
  process.exit(1)
}

const temporary = mkdtempSync(join(tmpdir(), 'meshproof-mutants-'))
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

/** The names of a test file's green tests, by file: it is run once without a mutant, however many rows it has. */
const greenOf = new Map()
const open = [...rows]
const results = []
await Promise.all(Array.from({ length: Math.min(inParallel, rows.length) }, work))
report()

function choose(from) {
  const named = ids.length === 0 ? from : from.filter((row) => ids.includes(row.id))
  if (values.sample === undefined) return named
  const seed = values.seed ?? new Date().toISOString().slice(0, 10)
  console.log(`--seed ${seed}`)
  const random = randomFrom(seed)
  const quick = named.filter(({ test }) => !slow.test(test))
  const keyed = (quick.length < Number(values.sample) ? named : quick)
    .map((row) => [random(), row])
    .sort(([a], [b]) => a - b)
  return keyed.slice(0, Number(values.sample)).map(([, row]) => row)
}

/** Mulberry32 over FNV-1a: the same share for the same seed. */
function randomFrom(seed) {
  let state = 2166136261
  for (const letter of seed) state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 16777619)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

async function work(_, number) {
  const tree = copyTree(join(temporary, String(number)))
  for (let row = open.shift(); row !== undefined; row = open.shift()) {
    const began = performance.now()
    const outcome = await judge(row, tree)
    results.push({ row, outcome, seconds: (performance.now() - began) / 1000 })
    console.log(`${outcome === 'killed' ? '✓' : '✗'} ${row.id.padEnd(5)} ${row.file}: ${outcome}`)
  }
}

function copyTree(tree) {
  const left = new Set(['node_modules', '.git', 'coverage'])
  mkdirSync(tree)
  cpSync(root, tree, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => relative(root, path).includes('/') || !left.has(basename(path)) || path === root,
  })
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
  return tree
}

async function judge(row, tree) {
  const { id, file, find, replace, test, name = `\\b${id}\\b` } = row
  for (const path of [file, test]) if (!existsSync(join(tree, path))) return `there is no ${path}`
  const original = readFileSync(join(tree, file), 'utf8')
  const times = original.split(find).length - 1
  if (times !== 1) return `its text occurs ${times} times, not once`
  if (find === replace) return 'it changes nothing'

  const green = await whatIsGreen(test, tree)
  const pattern = new RegExp(name)
  if (![...green].some((it) => pattern.test(it))) return 'no green test of that name without the mutant'

  writeFileSync(join(tree, file), original.split(find).join(replace))
  try {
    const mutated = await vitest(tree, test, name)
    if (mutated === undefined) return 'killed'
    if (mutated.length === 0) return 'the program does not load with it: no test ran'
    return mutated.some((it) => it.status === 'failed' && green.has(it.name)) ? 'killed' : 'SURVIVED'
  } finally {
    writeFileSync(join(tree, file), original)
  }
}

function whatIsGreen(test, tree) {
  const known = greenOf.get(test)
  if (known !== undefined) return known
  const run = vitest(tree, test).then(
    (tests) => new Set((tests ?? []).filter((it) => it.status === 'passed').map((it) => it.name)),
  )
  greenOf.set(test, run)
  return run
}

/** Names and states of the tests that ran; undefined when time or memory ran out, which is red as well. */
async function vitest(tree, test, name) {
  const report = join(tree, 'mutants-report.json')
  rmSync(report, { force: true })
  const args = ['node_modules/vitest/vitest.mjs', 'run', test, '--reporter=json', `--outputFile=${report}`]
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(VITEST|NODE_OPTIONS$)/.test(key)))
  const child = spawn(process.execPath, [...args, ...(name === undefined ? [] : ['-t', name])], {
    cwd: tree,
    env,
    stdio: 'ignore',
    detached: true,
  })
  let over = false
  const stop = () => {
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {}
  }
  const end = performance.now() + deadline
  const timer = setInterval(() => {
    if (performance.now() < end && residentOf(child.pid) < memory) return
    over = true
    stop()
  }, 500)
  process.on('exit', stop)
  await new Promise((done) => child.once('exit', done))
  process.off('exit', stop)
  clearInterval(timer)
  if (over) return undefined
  if (!existsSync(report)) return []
  const files = JSON.parse(readFileSync(report, 'utf8')).testResults
  return files
    .flatMap((file) => file.assertionResults)
    .filter((it) => it.status === 'passed' || it.status === 'failed')
    .map((it) => ({ name: it.fullName, status: it.status }))
}

/** Of a process group, by Linux's /proc; elsewhere only time is limited. */
function residentOf(group) {
  if (process.platform !== 'linux') return 0
  let pages = 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      if (Number(fields[2]) === group) pages += Number(fields[21])
    } catch {}
  }
  return pages * 4096
}

function report() {
  results.sort((a, b) => rows.indexOf(a.row) - rows.indexOf(b.row))
  const wide = (pick) => Math.max(...results.map((it) => pick(it).length))
  const [idWidth, testWidth] = [wide((it) => it.row.id), wide((it) => it.row.test)]
  console.log()
  for (const { row, outcome, seconds } of results)
    console.log(
      `${row.id.padEnd(idWidth)}  ${row.test.padEnd(testWidth)}  ${seconds.toFixed(1).padStart(5)} s  ${outcome}`,
    )
  const alive = results.filter((it) => it.outcome !== 'killed').length
  console.log(`\n${results.length} mutants, ${results.length - alive} killed, ${alive} not`)

  const list = join(root, 'test/attacks/ids.json')
  const without = existsSync(list)
    ? JSON.parse(readFileSync(list, 'utf8')).filter((id) => !all.some((row) => row.id === id))
    : []
  if (without.length > 0 && ids.length === 0 && values.sample === undefined)
    console.log(`No mutant yet: ${without.join(' ')}`)
  process.exitCode = alive > 0 || (values.strict && without.length > 0) ? 1 : 0
}
