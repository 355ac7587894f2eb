/**
 * npm test: type check, lint, vitest; all three run, whatever the first says. The last line is `N passed, N failed`,
 * where the type check and the lint count as one each. Arguments go to vitest.
 * MESHPROOF_TEST_COUNT names a file that gets that line, too.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const run = (script, ...args) => spawnSync(process.execPath, [script, ...args], { stdio: 'inherit' }).status === 0

const count = { passed: 0, failed: 0, skipped: 0 }
for (const [name, script, ...args] of [
  ['type check', 'node_modules/typescript/bin/tsc'],
  ['lint', 'node_modules/@biomejs/biome/bin/biome', 'lint', '--error-on-warnings', '.'],
]) {
  const good = run(script, ...args)
  console.log(`${good ? '✓' : '✗'} ${name}`)
  count[good ? 'passed' : 'failed']++
}

const folder = mkdtempSync(join(tmpdir(), 'meshproof-test-'))
try {
  const report = join(folder, 'vitest.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const good = run('node_modules/vitest/vitest.mjs', 'run', ...reporters, ...process.argv.slice(2))
  const tests = countTests(report)
  count.passed += tests.passed
  count.skipped += tests.skipped
  // No test at all, or a vitest that fails without a failed test (an unhandled rejection), is a failure as well.
  const silent = tests.failed === 0 && (!good || tests.passed === 0)
  count.failed += silent ? 1 : tests.failed
} finally {
  rmSync(folder, { recursive: true })
}

const line = `${count.passed} passed, ${count.failed} failed`
if (process.env.MESHPROOF_TEST_COUNT) writeFileSync(process.env.MESHPROOF_TEST_COUNT, `${line}\n`)
if (count.skipped > 0) console.log(`${count.skipped} skipped: what they need is not here, said above`)
console.log(line)
process.exit(count.failed === 0 ? 0 : 1)

function countTests(report) {
  const all = { passed: 0, failed: 0, skipped: 0 }
  let files
  try {
    files = JSON.parse(readFileSync(report, 'utf8')).testResults
  } catch {
    return all
  }
  for (const file of files) {
    const of = (status) => file.assertionResults.filter((test) => test.status === status).length
    const failed = of('failed')
    all.passed += of('passed')
    // A file that does not load, or whose hook throws, fails without a failed test.
    all.failed += file.status === 'failed' && failed === 0 ? 1 : failed
    all.skipped += file.assertionResults.length - of('passed') - failed
  }
  return all
}
