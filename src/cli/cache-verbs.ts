import { limits } from '../core/limits.ts'
import { type Cache, openCache } from '../evidence/cache.ts'
import { loadConfig } from '../examine/config.ts'
import { readFlags } from './flags.ts'
import type { ExitCode } from './problem.ts'

/** What the cache holds. Everything in it can be fetched again. */
export async function info(args: readonly string[]): Promise<ExitCode> {
  readFlags(args, {})
  const cache = ourCache()
  if (cache === undefined)
    process.stdout.write('There is no cache: HOME is not set, or MESHPROOF_CACHE_PATH is empty.\n')
  else {
    const { path, entries, bytes } = await cache.info()
    process.stdout.write(
      `${path}: ${entries} entries, ${mebibytes(bytes)} MiB of at most ${mebibytes(loadConfig(process.env).cacheBytes)}\n`,
    )
  }
  return 0
}

/** `cache prune` removes what was not used for longest until the cache is as small as it may be; `--all` empties it. */
export async function prune(args: readonly string[]): Promise<ExitCode> {
  const { values } = readFlags(args, { all: { type: 'boolean' } })
  const removed = await ourCache(values.all === true ? 0 : undefined)?.prune()
  process.stdout.write(`Removed ${removed?.removed ?? 0} entries; ${mebibytes(removed?.bytes ?? 0)} MiB are left.\n`)
  return 0
}

function ourCache(bytes?: number): Cache | undefined {
  const { cachePath, cacheBytes } = loadConfig(process.env)
  return cachePath === undefined ? undefined : openCache(cachePath, { ...limits, cacheBytes: bytes ?? cacheBytes })
}

const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1)
