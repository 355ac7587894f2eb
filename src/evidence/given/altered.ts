import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isDigest } from '../../core/digest.ts'
import type { Limits } from '../../core/limits.ts'
import { hashFile } from './files.ts'

/** T94: the first blob of a layout that does not hash to its name. Layers are hashed in pieces, none is kept. */
export async function findAltered(folder: string, limits: Limits): Promise<string | undefined> {
  const blobs = join(folder, 'blobs', 'sha256')
  if (!existsSync(blobs)) return undefined
  const names = readdirSync(blobs).sort()
  if (names.length > limits.layoutBlobs) return `more than ${limits.layoutBlobs} blobs`
  for (const name of names)
    if (!isDigest(`sha256:${name}`) || (await hashFile(join(blobs, name), ['sha256']))[0] !== name) return name
  return undefined
}
