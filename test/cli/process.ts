/** The command line as a person uses it: a real process, with an environment of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Problem, VerdictAnswer } from '../../src/core/request.ts'
import { compiled } from '../compiled.ts'

export const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** Either kind of answer, with what the other kind has left out: a test asks for what it expects. */
export type AnyAnswer = Partial<VerdictAnswer> & { readonly problem?: Problem }

export type Ran = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** One a line, where `-o json` was asked or a batch was read. */
  readonly answers: readonly AnyAnswer[]
}

export type How = {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly input?: string | Uint8Array
  /** Left open for the test to write into. */
  readonly stdin?: 'open'
  /** Arguments of Node itself: what a test does to the program from within. */
  readonly node?: readonly string[]
  /** A command that runs the program, such as `unshare -rn`. */
  readonly within?: readonly string[]
}

/** A folder for one test file, removed at its end. */
export function scratch(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'meshproof-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

const shared = scratch()
process.on('exit', () => shared.remove())

/** Nothing of whoever runs the tests gets in: no proxies, no login, no configuration, a cache of its own. */
export const cleanEnv = (): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: join(shared.path, 'home'),
  MESHPROOF_CACHE_PATH: mkdtempSync(join(shared.path, 'cache-')),
  NODE_COMPILE_CACHE: compiled,
  NO_COLOR: '1',
})

export function start(args: readonly string[], how: How = {}): ChildProcess {
  const given: Record<string, string | undefined> = { ...cleanEnv(), ...how.env }
  const env = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  // Measured: half the start of a service over PGlite is V8's optimising compiler, for code that a test runs once.
  const node = [process.execPath, '--liftoff-only', ...(how.node ?? [])]
  const [command = '', ...words] = [...(how.within ?? []), ...node, program, ...args]
  const child = spawn(command, words, {
    cwd: how.cwd ?? shared.path,
    env,
    stdio: 'pipe',
  })
  child.stdin?.on('error', () => {})
  if (how.stdin !== 'open') child.stdin?.end(how.input ?? '')
  return child
}

export async function meshproof(args: readonly string[], how: How = {}): Promise<Ran> {
  return ended(start(args, how))
}

/** Waits for the end and keeps what was said. */
export function ended(child: ChildProcess): Promise<Ran> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', (code, signal) => {
      const stdout = Buffer.concat(out).toString('utf8')
      done({ code, signal, stdout, stderr: Buffer.concat(err).toString('utf8'), answers: answersIn(stdout) })
    })
  })
}

const answersIn = (stdout: string): readonly AnyAnswer[] =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as AnyAnswer]
      } catch {
        return []
      }
    })
