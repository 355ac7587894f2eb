import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Digest, digestOf, hexOf, isDigest } from '../../core/digest.ts'
import type { EvidenceStore } from '../../core/observation.ts'

/**
 * Evidence as files named by their digest: `sha256/<2 hex>/<hex>`. Several processes may share it: a file appears whole
 * by a rename or not at all, and two writers of one digest write the same bytes. A crash leaves a temporary file that
 * `prune` removes. A folder that cannot be written is still read (T104).
 */
export function folderStore(path: string): EvidenceStore {
  const fileOf = (digest: Digest): string => join(path, 'sha256', hexOf(digest).slice(0, 2), hexOf(digest))
  return {
    async get(digest) {
      if (!isDigest(digest)) return undefined // T41: only hex ever becomes a file name
      const file = fileOf(digest)
      const bytes = await readFile(file).catch(() => undefined)
      if (bytes === undefined) return undefined
      if (digestOf(bytes) === digest) {
        await markUsed(file)
        return bytes
      }
      await rm(file, { force: true }).catch(() => {}) // damaged is missing: it can be fetched again
      return undefined
    },
    async put(bytes) {
      const digest = digestOf(bytes)
      await writeWhole(fileOf(digest), bytes)
      return digest
    },
  }
}

/** Appears whole or not at all; false where the folder cannot be written. */
export async function writeWhole(file: string, bytes: Uint8Array | string): Promise<boolean> {
  const temporary = join(dirname(file), `.${randomUUID()}.tmp`)
  try {
    await makeFolder(dirname(file))
    await writeFile(temporary, bytes, { mode: 0o600, flag: 'wx' })
    await rename(temporary, file)
    return true
  } catch {
    await rm(temporary, { force: true }).catch(() => {})
    return false
  }
}

/** Not `recursive`: where a file system says ENOENT to every mkdir (/proc, autofs), Node's own loop never ends. */
export async function makeFolder(path: string): Promise<void> {
  const make = () => mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => error.code)
  if ((await make()) !== 'ENOENT' || dirname(path) === path) return // what else is wrong, the write will say
  await makeFolder(dirname(path))
  await make()
}

const hour = 60 * 60_000

/** The time of last use, for `prune`; written at most once an hour, so that reading stays reading. */
async function markUsed(file: string): Promise<void> {
  try {
    const now = Date.now()
    if (now - (await stat(file)).mtimeMs > hour) await utimes(file, now / 1000, now / 1000)
  } catch {
    // a read-only folder keeps its times
  }
}
