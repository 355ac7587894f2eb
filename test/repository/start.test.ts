import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from './files.ts'

/** An installed Node that does not run TypeScript, as most people still have it. */
function findOldNode(): string | undefined {
  const found = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  return found.find((node) => {
    const major = Number.parseInt(
      spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout ?? '',
      10,
    )
    return major >= 20 && major < 24
  })
}

const oldNode = findOldNode()
if (oldNode === undefined) console.log('No Node 20 to 23 on PATH: the launcher is tested under this Node only.')
const launchers = [['Node 24', process.execPath] as const, ...(oldNode ? [['an older Node', oldNode] as const] : [])]

const program = `
const [what, how = ''] = process.argv.slice(2) as string[]
if (what === 'version') console.log(process.versions.node)
if (what === 'arguments') console.log(JSON.stringify(process.argv.slice(2)))
if (what === 'echo') process.stdin.pipe(process.stdout)
if (what === 'exit') process.exit(Number(how))
if (what === 'throw') throw new Error('planned')
if (what === 'later') setTimeout(() => { throw new Error('planned') }, 10)
if (what === 'die') process.kill(process.pid, how)
if (what === 'wait') { console.log('waiting'); setInterval(() => {}, 1000) }
if (what === 'graceful') {
  process.on('SIGTERM', () => { console.log('told'); process.exit(5) })
  console.log('waiting')
  setInterval(() => {}, 1000)
}
`

let folder: string
let bin: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshproof-start-'))
  bin = join(folder, 'bin.mjs')
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'program.ts'), program)
  const launch = pathToFileURL(join(root, 'bin/launch.mjs'))
  writeFileSync(bin, `import { start } from '${launch}'\nawait start(new URL('program.ts', import.meta.url))\n`)
})

afterAll(() => rmSync(folder, { recursive: true }))

const run = (node: string, args: readonly string[], options: object = {}) =>
  spawnSync(node, [bin, ...args], { encoding: 'utf8', timeout: 30_000, ...options })

async function startWaiting(node: string, what: string): Promise<ChildProcess> {
  const child = spawn(node, [bin, what], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.stdout) await once(child.stdout, 'data')
  return child
}

describe.each(launchers)('the launcher under %s', (_, node) => {
  test('runs TypeScript under Node 24 and hands on arguments, input and output', () => {
    expect(run(node, ['version']).stdout).toMatch(/^2[4-9]\./)
    const odd = ['arguments', '--flag', 'a b', '', '$HOME', 'ü']
    expect(JSON.parse(run(node, odd).stdout)).toEqual(odd)
    expect(run(node, ['echo'], { input: 'hello' }).stdout).toBe('hello')
  })

  test.each([0, 1, 2, 3, 130])('ends with the code of the program: %i', (code) => {
    expect(run(node, ['exit', String(code)]).status).toBe(code)
  })

  test('a program that cannot start is a crash (3), never 0 and never 1, which means rejected', () => {
    const crash = run(node, ['throw'])
    expect([crash.status, crash.stderr.includes('planned')]).toEqual([3, true])
    expect(run(node, ['later']).status).not.toBe(0)
  })

  test('a program that ends by a signal does not end with 0', () => {
    const { status, signal } = run(node, ['die', 'SIGKILL'])
    expect(signal ?? status).toBe(node === process.execPath ? 'SIGKILL' : 137)
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('hands on %s', async (signal) => {
    const child = await startWaiting(node, 'wait')
    child.kill(signal)
    const [code, by] = await once(child, 'exit')
    expect(by ?? code).toBe(node === process.execPath ? signal : { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 }[signal])
  })

  test('a program that stops on SIGTERM in its own way is waited for', async () => {
    const child = await startWaiting(node, 'graceful')
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(5)
  })

  test('the program ends when the launcher is killed', async () => {
    const child = await startWaiting(node, 'wait')
    child.kill('SIGKILL')
    // The pipe is closed when the last one that holds it is gone.
    if (child.stdout) await once(child.stdout.resume(), 'close')
  })

  test('a folder for compiled code that cannot be written, or that another could write, does not matter', () => {
    expect(run(node, ['exit', '0'], { env: { PATH: process.env['PATH'], TMPDIR: '/dev/null/x' } }).status).toBe(0)
    const open = mkdtempSync(join(folder, 'open-'))
    const cache = join(open, `meshproof-compile-cache-${process.getuid?.()}`)
    mkdirSync(cache)
    chmodSync(cache, 0o777)
    const nested = { env: { PATH: process.env['PATH'], TMPDIR: open } }
    expect(run(node, ['version'], nested).status).toBe(0)
    expect(readdirSync(cache)).toEqual([])
    chmodSync(cache, 0o700)
    expect(run(node, ['version'], nested).status).toBe(0)
    expect(readdirSync(cache)).not.toEqual([])
  })
})

describe.runIf(oldNode !== undefined)('an older Node without the pinned one', () => {
  /** A checkout of its own, so that the pinned Node of this one is not found. */
  function checkout(): string {
    const place = mkdtempSync(join(folder, 'checkout-'))
    for (const file of ['program.ts', 'package.json']) copyFileSync(join(folder, file), join(place, file))
    copyFileSync(join(root, 'bin/launch.mjs'), join(place, 'launch.mjs'))
    const entry = "import { start } from './launch.mjs'\nawait start(new URL('program.ts', import.meta.url))\n"
    writeFileSync(join(place, 'bin.mjs'), entry)
    return place
  }
  const start = (place: string, args: readonly string[], path: readonly string[]) =>
    spawnSync(oldNode ?? '', [join(place, 'bin.mjs'), ...args], {
      encoding: 'utf8',
      env: { PATH: path.join(delimiter) },
    })

  function folderWithNode24(): string {
    const place = mkdtempSync(join(folder, 'path-'))
    symlinkSync(process.execPath, join(place, 'node24'))
    return place
  }

  test('uses a Node 24 from PATH, past one that is too old and one that does not start', () => {
    const path = folderWithNode24()
    writeFileSync(join(path, 'node'), 'no program', { mode: 0o755 })
    symlinkSync(oldNode ?? '', join(path, 'node20'))
    const { stdout, status } = start(checkout(), ['version'], ['', '/nowhere', path])
    expect([stdout.trim(), status]).toEqual([process.versions.node, 0])
  })

  test('says in one line what is missing, and ends with 2', () => {
    const { stdout, stderr, status } = start(checkout(), ['version'], [])
    expect([stdout, status]).toEqual(['', 2])
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain('Node 24')
  })

  test.each([
    ['no loader', '#!/no/such/loader\n'],
    ['an old libc', '#!/bin/sh\necho "GLIBC_2.28 not found" >&2\nexit 1\n'],
  ])('a pinned Node that does not run here (%s) gives way to the next', (_, broken) => {
    const place = checkout()
    const pinned = join(place, `node_modules/node-${process.platform}-${process.arch}/bin`)
    mkdirSync(pinned, { recursive: true })
    writeFileSync(join(pinned, 'node'), broken, { mode: 0o755 })
    expect(start(place, ['exit', '7'], [folderWithNode24()]).status).toBe(7)
    expect(start(place, ['exit', '7'], ['/nowhere']).status).toBe(2)
  })
})

describe('each entry point starts', () => {
  const entries = [
    ['src/cli/main.ts', 'bin/meshproof.mjs', ['--version']],
    ['src/cli/conformance.ts', 'bin/conformance', ['--help']],
  ] as const
  for (const [entry, launcher, args] of entries) {
    const there = existsSync(join(root, entry))
    if (!there) console.log(`${entry} is not there yet: not started.`)
    const start = (node: string, file: string) =>
      spawnSync(node, [join(root, file), ...args], { encoding: 'utf8', timeout: 30_000, cwd: folder })

    test.runIf(there)(`${entry} under plain Node 24`, () => {
      const { status, stderr } = start(process.execPath, entry)
      expect([stderr, status === 0 || launcher === 'bin/conformance']).toEqual([
        expect.not.stringContaining('ERR_'),
        true,
      ])
    })
    test.runIf(there).each(launchers)(`${launcher} under %s, with the same answer`, (_, node) => {
      const [direct, launched] = [start(process.execPath, entry), start(node, launcher)]
      expect([launched.status, launched.stdout, launched.stderr]).toEqual([direct.status, direct.stdout, direct.stderr])
    })
  }
})
