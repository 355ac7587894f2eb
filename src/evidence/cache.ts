import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { type Digest, isDigest } from '../core/digest.ts'
import { type Json, parseJson } from '../core/json.ts'
import { limits as defaultLimits, type Limits } from '../core/limits.ts'
import type { EvidenceStore } from '../core/observation.ts'
import type { Lookups, Remembered } from './lookups.ts'
import { folderStore, writeWhole } from './store/folder.ts'

/** The command line's cache: evidence by digest and answers to look-ups. Everything in it can be fetched again. */
export type Cache = {
  readonly path: string
  readonly store: EvidenceStore
  readonly lookups: Lookups
  /** Removes what was not used for longest until the cache holds at most `limits.cacheBytes`. */
  prune(): Promise<{ readonly removed: number; readonly bytes: number }>
  info(): Promise<{ readonly path: string; readonly entries: number; readonly bytes: number }>
}

/**
 * MESHPROOF_CACHE_PATH, else `meshproof` in XDG_CACHE_HOME, else in ~/.cache. undefined where none of them is set (T104)
 * or MESHPROOF_CACHE_PATH is empty: then nothing is kept between runs. As XDG says, relative paths do not count.
 */
export function cachePath(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const own = env['MESHPROOF_CACHE_PATH']
  if (own !== undefined) return own === '' ? undefined : own
  const base = [env['XDG_CACHE_HOME'], env['HOME'] && join(env['HOME'], '.cache')].find(
    (path) => path && isAbsolute(path),
  )
  return base ? join(base, 'meshproof') : undefined
}

export function openCache(path: string, limits: Limits = defaultLimits): Cache {
  const evidence = join(path, 'evidence')
  const answers = join(path, 'lookups')
  return {
    path,
    store: folderStore(evidence),
    lookups: folderLookups(answers, limits),
    async prune() {
      const files = (await filesOf(path)).toSorted((a, b) => a.usedMs - b.usedMs)
      let bytes = files.reduce((sum, file) => sum + file.size, 0)
      let removed = 0
      for (const file of files) {
        const leftover = file.path.endsWith('.tmp') && file.usedMs < Date.now() - 60 * 60_000 // of a process that died
        if (bytes <= limits.cacheBytes && !leftover) continue
        // Another process may have removed it, or be reading it: an open file stays readable, a missing one is fetched again.
        await rm(file.path, { force: true }).catch(() => {})
        bytes -= file.size
        removed++
      }
      return { removed, bytes }
    },
    async info() {
      const files = await filesOf(path)
      return { path, entries: files.length, bytes: files.reduce((sum, file) => sum + file.size, 0) }
    },
  }
}

type File = { readonly path: string; readonly size: number; readonly usedMs: number }

async function filesOf(path: string): Promise<readonly File[]> {
  const names = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])
  const files: File[] = []
  for (const name of names) {
    if (!name.isFile()) continue
    const file = join(name.parentPath, name.name)
    const found = await stat(file).catch(() => undefined)
    if (found !== undefined) files.push({ path: file, size: found.size, usedMs: found.mtimeMs })
  }
  return files
}

const outcome = z.union([
  z.strictObject({
    found: z
      .string()
      .refine(isDigest)
      .transform((text) => text as Digest),
    mediaType: z.string(),
  }), // T41
  z.strictObject({ absent: z.literal(true) }),
])
const entry = z.strictObject({
  key: z.string(),
  outcome,
  at: z.number().int().nonnegative(),
  detail: z.record(z.string(), z.json()).optional(),
})

/** One small file an answer, named by the hash of its question. What does not read back as written was never said. */
function folderLookups(path: string, limits: Limits): Lookups {
  const fileOf = (key: string): string => {
    const hex = createHash('sha256').update(key).digest('hex')
    return join(path, hex.slice(0, 2), `${hex}.json`)
  }
  return {
    async recall(key) {
      const bytes = await readFile(fileOf(key)).catch(() => undefined)
      const parsed = bytes === undefined ? undefined : parseJson(bytes, limits.jsonDepth)
      const read = entry.safeParse(parsed !== undefined && 'value' in parsed ? parsed.value : undefined)
      if (!read.success || read.data.key !== key) return undefined
      const { outcome, at, detail } = read.data
      return {
        outcome,
        at,
        ...(detail !== undefined && { detail: detail as Record<string, Json> }),
      } satisfies Remembered
    },
    async remember(key, what) {
      await writeWhole(fileOf(key), JSON.stringify({ key, ...what }))
    },
  }
}
