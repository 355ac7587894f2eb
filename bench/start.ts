import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import { median } from './measure.ts'

/**
 * The embedded service from its command to a `/readyz` that says yes: on an empty folder, and on one that is there; with
 * what PGlite takes to open such a folder beside it. It is to be ready within 8 s the first time, and 2 s later.
 */
export async function starts(rounds = 5): Promise<void> {
  const times: Record<'first' | 'later' | 'pglite first' | 'pglite later', number[]> = {
    first: [],
    later: [],
    'pglite first': [],
    'pglite later': [],
  }
  for (let round = 0; round < rounds; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'meshproof-bench-'))
    try {
      times.first.push(await untilReady(join(folder, 'data')))
      times.later.push(await untilReady(join(folder, 'data')))
      times['pglite first'].push(await untilOpen(join(folder, 'pg')))
      times['pglite later'].push(await untilOpen(join(folder, 'pg')))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  const seconds = (of: keyof typeof times) => (median(times[of]) / 1000).toFixed(2)
  const within = (of: 'first' | 'later', most: number) => (median(times[of]) <= most ? 'yes' : 'NO')
  console.log(
    `embedded start to ready, median of ${rounds}: first ${seconds('first')} s (within 8 s: ${within('first', 8000)}; PGlite alone ${seconds('pglite first')} s), later ${seconds('later')} s (within 2 s: ${within('later', 2000)}; PGlite alone ${seconds('pglite later')} s)`,
  )
}

async function untilReady(data: string): Promise<number> {
  const began = performance.now()
  const service = spawn(process.execPath, [join(import.meta.dirname, '../bin/meshproof.mjs'), 'start'], {
    env: { ...process.env, MESHPROOF_DATA: data, MESHPROOF_PORT: '0', MESHPROOF_CACHE_PATH: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const origin = await listening(service)
    while ((await fetch(`${origin}/readyz`)).status !== 200) await sleep(10)
    return performance.now() - began
  } finally {
    const ended = new Promise((done) => service.once('exit', done))
    service.kill('SIGTERM')
    service.kill('SIGTERM') // twice: in a hurry
    await ended
  }
}

const listening = (service: ChildProcess): Promise<string> =>
  new Promise((done, failed) => {
    service.once('exit', (code) => failed(new Error(`meshproof start ended with ${code}`)))
    if (service.stdout === null) return failed(new Error('no output'))
    createInterface(service.stdout).on('line', (line) => {
      const [, origin] = / listens on (http:\/\/\S+)/.exec(line) ?? []
      if (origin !== undefined) done(origin)
    })
  })

async function untilOpen(folder: string): Promise<number> {
  const began = performance.now()
  const lite = await PGlite.create({ dataDir: folder })
  await lite.query('SELECT 1')
  const took = performance.now() - began
  await lite.close()
  return took
}
