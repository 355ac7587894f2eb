import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { type Digest, isDigest } from '../core/digest.ts'
import { type Json, parseJson } from '../core/json.ts'
import { limits as defaultLimits, type Limits } from '../core/limits.ts'
import type { Lookups, Remembered } from '../core/lookups.ts'
import type { EvidenceStore } from '../core/observation.ts'
import { folderStore, writeWhole } from './store/folder.ts'

/** The command line's cache: evidence by digest and answers to look-ups. Everything in it can be fetched again. */
export type Cache = {
  readonly path: string
  readonly store: EvidenceStore
  readonly lookups: Lookups
  /** Removes what was not used for longest until the cache holds at most `limits.cacheBytes`; writing does so by itself. */
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
  const store = folderStore(join(path, 'evidence'))
  const prune = () => pruneFolder(path, limits.cacheBytes)
  const due = pruneClock(path, limits.cacheBytes)
  return {
    path,
    store: {
      get: store.get,
      async put(bytes, mediaType) {
        const digest = await store.put(bytes, mediaType)
        if (await due(bytes.length)) await prune()
        return digest
      },
    },
    lookups: folderLookups(join(path, 'lookups'), limits),
    prune,
    async info() {
      const files = await filesOf(path)
      return { path, entries: files.length, bytes: files.reduce((sum, file) => sum + file.size, 0) }
    },
  }
}

const hour = 60 * 60_000
const marker = '.pruned'

/**
 * When to prune: once an hour among all processes, as a marker file says, and whenever this one has written a sixteenth
 * of the limit. So the cache may exceed its limit by what is written in between, and most runs never list it.
 */
function pruneClock(path: string, cacheBytes: number): (written: number) => Promise<boolean> {
  let sum = 0
  let asked = false
  return async (written) => {
    sum += written
    const much = sum > cacheBytes / 16
    if (!much && asked) return false
    asked = true
    const last = await stat(join(path, marker)).catch(() => undefined)
    if (!much && last !== undefined && Date.now() - last.mtimeMs < hour) return false
    sum = 0
    await writeWhole(join(path, marker), '')
    return true
  }
}

async function pruneFolder(path: string, cacheBytes: number): Promise<{ removed: number; bytes: number }> {
  const files = (await filesOf(path)).toSorted((a, b) => a.usedMs - b.usedMs)
  let bytes = files.reduce((sum, file) => sum + file.size, 0)
  let removed = 0
  for (const file of files) {
    const leftover = file.path.endsWith('.tmp') && file.usedMs < Date.now() - hour // of a process that died
    if (bytes <= cacheBytes && !leftover) continue
    // Another process may be reading it: an open file stays readable, and a missing one is fetched again.
    await rm(file.path, { force: true }).catch(() => {})
    bytes -= file.size
    removed++
  }
  return { removed, bytes }
}

type File = { readonly path: string; readonly size: number; readonly usedMs: number }

async function filesOf(path: string): Promise<readonly File[]> {
  const names = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])
  const files: File[] = []
  for (const name of names) {
    if (!name.isFile() || name.name === marker) continue
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
