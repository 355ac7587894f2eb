/** The installed cosign: COSIGN names it, else it is looked for on PATH. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'

const cosign = process.env['COSIGN'] ?? 'cosign'
const asked = spawnSync(cosign, ['version'], { encoding: 'utf8' })
export const hasCosign = asked.status === 0
/** Major version: 3 writes bundles, 2 and earlier `.sig` tags. */
export const major = Number(/GitVersion:\s+v?(\d+)/.exec(`${asked.stdout}${asked.stderr}`)?.[1] ?? 0)
if (!hasCosign) console.warn('cosign skipped: it is not installed (put it on PATH, or name it with COSIGN)')

/** Nothing of whoever runs this gets in; docker.io is never meant, so a network is not needed. */
export const run = (
  home: string,
  args: readonly string[],
  env: Record<string, string> = {},
): SpawnSyncReturns<string> =>
  spawnSync(cosign, args, {
    cwd: home,
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, COSIGN_PASSWORD: '', ...env },
  })
