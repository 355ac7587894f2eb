import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const hasPython = spawnSync('python3', ['--version']).status === 0

export type Played = {
  readonly hosts: Readonly<Record<string, string>>
  log(): Promise<{ host: string; method: string; path: string; auth: boolean; forbidden: boolean }[]>
  stop(): Promise<void>
}

/** Plays the script of a field case on loopback, with the corpus's own server. */
export async function play(serve: string, folder: string): Promise<Played> {
  const scratch = await mkdtemp(join(tmpdir(), 'field-'))
  const log = join(scratch, 'requests.ndjson')
  const child = spawn('python3', [serve, folder, '--log', log], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [first] = await new Promise<string[]>((said, failed) => {
    createInterface(child.stdout).once('line', (line) => said([line]))
    child.once('error', failed)
    child.once('exit', () => failed(new Error(`serve.py ended: ${folder}`)))
  })
  return {
    hosts: JSON.parse(first ?? '{}') as Record<string, string>,
    log: async () =>
      (await readFile(log, 'utf8').catch(() => ''))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    stop: async () => {
      child.kill()
      await rm(scratch, { recursive: true, force: true })
    },
  }
}
