import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asFiles } from './material.ts'
import { median, ratio } from './measure.ts'

/** `verify bundle` as a process, against a bare Node that does nothing, in turns; with the launcher's share beside it. */
export function asProcess(rounds = 15): void {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-bench-'))
  try {
    const { file, flags } = asFiles(folder, 'dsse')
    const args = ['verify', 'bundle', ...flags, '-o', 'json', file]
    const cases = {
      bare: ['-e', '0'],
      launcher: [join(import.meta.dirname, '../bin/meshproof.mjs'), ...args],
      direct: [join(import.meta.dirname, '../src/cli/main.ts'), ...args],
    }
    const times: Record<string, number[]> = { bare: [], launcher: [], direct: [] }
    for (let round = -2; round < rounds; round++)
      for (const [name, argv] of Object.entries(cases)) {
        const began = performance.now()
        const run = spawnSync(process.execPath, argv, {
          env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') },
        })
        if (run.status !== 0) throw new Error(`${name} ended with ${run.status}: ${run.stderr}${run.stdout}`)
        if (round >= 0) times[name]?.push(performance.now() - began)
      }
    const [bare, launcher, direct] = ['bare', 'launcher', 'direct'].map((name) => median(times[name] ?? [])) as [
      number,
      number,
      number,
    ]
    console.log(
      `verify bundle as a process: ${ratio(launcher, bare)} times a bare node -e 0 (${launcher.toFixed(0)} ms against ${bare.toFixed(0)} ms), of which the launcher ${(launcher - direct).toFixed(0)} ms`,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
