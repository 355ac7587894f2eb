import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { lockFolder } from '../../src/store/lock.ts'

const room = mkdtempSync(join(tmpdir(), 'meshproof-lock-'))
afterAll(() => rmSync(room, { recursive: true, force: true }))

const program = `const { lockFolder } = await import(process.argv[1])
try { globalThis.lock = lockFolder(process.argv[2]); process.stdout.write('has it') } catch ({ code }) { process.stdout.write(code) }
process.stdin.resume() // until the test has gone`
/** A process that takes the folder, or not, and lives on. */
function contender(folder: string) {
  const file = new URL('../../src/store/lock.ts', import.meta.url).href
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, file, folder])
  const said = new Promise<string>((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))))
  const killed = () =>
    new Promise((ended) => {
      child.once('exit', ended)
      child.kill('SIGKILL')
    })
  return { said, killed }
}
const twenty = <T>(make: () => T): T[] => Array.from({ length: 20 }, make)

test('R8: of a folder that somebody has, twenty others get nothing', async () => {
  const folder = join(room, 'taken')
  const lock = lockFolder(folder)
  const others = twenty(() => contender(folder))
  expect(await Promise.all(others.map(({ said }) => said))).toEqual(twenty(() => 'data.in-use'))
  await Promise.all(others.map(({ killed }) => killed()))
  lock.release()
  lockFolder(folder).release()
})

test('R8: of twenty who start at once one gets it, and kill -9 of that one frees it', async () => {
  const folder = join(room, 'free')
  const all = twenty(() => contender(folder))
  const said = await Promise.all(all.map((one) => one.said))
  expect(said.toSorted()).toEqual([...twenty(() => 'data.in-use').slice(1), 'has it'].toSorted())
  await all[said.indexOf('has it')]?.killed()
  lockFolder(folder).release()
  await Promise.all(all.filter((_, i) => said[i] !== 'has it').map(({ killed }) => killed()))
})
