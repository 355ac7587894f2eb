import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashPool } from '../src/evidence/given/hash-pool.ts'
import { asFiles } from './material.ts'
import { median, ratio } from './measure.ts'

const MiB = 1024 * 1024

/** SHA-256 of a large file, in a thread, against `openssl dgst`, in turns; and the memory of `verify binary` over files of any size. */
export async function hashing(rounds = 5): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-bench-'))
  const sparse = (megabytes: number): string => {
    const path = join(folder, `${megabytes}`)
    const file = openSync(path, 'w')
    ftruncateSync(file, megabytes * MiB)
    closeSync(file)
    return path
  }
  try {
    await againstOpenssl(sparse(1024), rounds)
    memory(folder, [10, 400, 4096].map(sparse))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function againstOpenssl(file: string, rounds: number): Promise<void> {
  const pool = hashPool()
  const times: Record<'ours' | 'openssl', number[]> = { ours: [], openssl: [] }
  for (let round = -1; round < rounds; round++) {
    let began = performance.now()
    const run = spawnSync('openssl', ['dgst', '-sha256', file], { encoding: 'utf8' })
    const openssl = performance.now() - began
    began = performance.now()
    const [hex] = await pool.hash(file, ['sha256'])
    const ours = performance.now() - began
    if (run.status !== 0) break
    if (!run.stdout.includes(String(hex))) throw new Error('openssl disagrees')
    if (round < 0) continue
    times.openssl.push(openssl)
    times.ours.push(ours)
  }
  await pool.close()
  if (times.openssl.length === 0) {
    console.log('SHA-256: no openssl here to compare with')
    return
  }
  const [a, b] = [median(times.openssl), median(times.ours)]
  console.log(
    `SHA-256 of 1 GiB in a thread: ${ratio(a, b)} of openssl dgst (${b.toFixed(0)} ms against ${a.toFixed(0)} ms)`,
  )
}

function memory(folder: string, files: readonly string[]): void {
  asFiles(folder, 'dsse')
  const flags = ['--provenance', join(folder, 'bundle.json'), '--trusted-root', join(folder, 'root.json'), '--offline']
  const source = ['--source-uri', 'github.com/Kong/kong-mesh']
  const main = join(import.meta.dirname, '../bin/meshproof.mjs')
  const report = 'process.on("exit",()=>process.stderr.write("rss "+process.resourceUsage().maxRSS+"\\n"))'
  writeFileSync(join(folder, 'report.mjs'), report)
  const residentOf = (file: string): number => {
    const args = ['--import', join(folder, 'report.mjs'), main, 'verify', 'binary', ...flags, ...source, file]
    const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache'), MESHPROOF_CACHE_PATH: '' }
    const found = /rss (\d+)/.exec(spawnSync(process.execPath, args, { encoding: 'utf8', env }).stderr)?.[1]
    return Number(found) / 1024
  }
  for (const file of files.slice(0, 2)) residentOf(file) // what is compiled once is not measured
  const resident = files.map(residentOf)
  const spread = Math.max(...resident) - Math.min(...resident)
  console.log(
    `memory of verify binary over 10 MiB, 400 MiB, 4 GiB: ${resident.map((it) => it.toFixed(0)).join(', ')} MiB; they differ by ${spread.toFixed(0)} MiB`,
  )
}
