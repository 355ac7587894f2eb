import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, readSync, realpathSync, type Stats, statSync } from 'node:fs'
import { isAbsolute, resolve, sep } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { decodeBase64 } from '../../core/base64.ts'
import type { ArtifactDigests, Digest } from '../../core/digest.ts'
import { Fault } from '../../core/fault.ts'
import type { Bytes } from '../../core/request.ts'

/** How paths of a request are read: beneath `root` only (a line of a batch), or anywhere (what a person typed). */
export type Paths = { readonly root: string; readonly confined: boolean } | 'none'

/** The real place of a path; a link may not lead out of the root either. */
export function locate(path: string, paths: Paths): string {
  if (paths === 'none') throw new Fault('request.path-not-allowed', { status: 422, parameters: { found: path } })
  const { root, confined } = paths
  const full = resolve(root, path)
  if (!confined) return existing(full, path)
  const base = realpathSync.native(root)
  const inside = (place: string) => place === base || place.startsWith(base.endsWith(sep) ? base : base + sep)
  if (isAbsolute(path) || path.split(/[\\/]/).includes('..') || !inside(resolve(base, path)))
    throw new Fault('request.path-not-allowed', { parameters: { found: path } })
  const real = existing(full, path)
  if (!inside(real)) throw new Fault('request.path-not-allowed', { parameters: { found: path } })
  return real
}

/** Bytes of a regular file; undefined where there is none. */
export function sizeOf(place: string): number | undefined {
  const found = statOf(place)
  return found?.isFile() === true ? found.size : undefined
}

function statOf(place: string): Stats | undefined {
  try {
    return statSync(place, { throwIfNoEntry: false })
  } catch {
    return undefined // nobody lets us look
  }
}

/** The place of a regular file: a pipe without a writer would keep us for ever, and nothing could interrupt. */
export function locateFile(path: string, paths: Paths): string {
  const place = locate(path, paths)
  const found = statOf(place)
  if (found?.isFile() === true) return place
  const what = found === undefined ? 'is gone' : found.isDirectory() ? 'is a folder' : 'is a pipe or a device'
  throw new Fault('request.path-not-file', { parameters: { found: `${path} ${what}` } })
}

function existing(full: string, path: string): string {
  try {
    return realpathSync.native(full)
  } catch (cause) {
    if (statOf(full) !== undefined)
      // a descriptor's place leads to no path
      throw new Fault('request.path-not-file', { parameters: { found: `${path} is a pipe or a device` }, cause })
    throw new Fault('request.path-not-found', { parameters: { found: path }, cause })
  }
}

export function readBytes(bytes: Bytes, paths: Paths, limit: number): Buffer {
  if ('base64' in bytes) {
    const decoded = decodeBase64(bytes.base64)
    if (decoded === undefined) throw new Fault('request.malformed', { parameters: { found: 'base64' } })
    return decoded
  }
  const place = locateFile(bytes.path, paths)
  if ((sizeOf(place) ?? 0) > limit)
    throw new Fault('request.too-large', { parameters: { expected: String(limit), found: bytes.path } })
  try {
    return readFileSync(place)
  } catch (cause) {
    throw new Fault('request.path-not-found', { parameters: { found: bytes.path }, cause })
  }
}

/** Hashes of a file in hex, in the order of their names. */
export type HashFile = (place: string, names: readonly string[]) => Promise<readonly string[]>

const chunkBytes = 1024 * 1024
const breathBytes = 64 * chunkBytes

/**
 * Hashes of a file of any size, in hex, read in one stream of 1 MiB pieces (measured: faster than a read stream). Now and
 * then others get a turn: a signal, a deadline, another line of a batch.
 */
export const hashFile: HashFile = async (place, names) => {
  const states = names.map((name) => createHash(name))
  const file = openSync(place, 'r')
  try {
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(fstatSync(file).size, 4096)))
    let read = 0
    for (let count = readSync(file, chunk); count > 0; count = readSync(file, chunk)) {
      for (const state of states) state.update(chunk.subarray(0, count))
      read += count
      if (read % breathBytes === 0) await setImmediate()
    }
  } finally {
    closeSync(file)
  }
  return states.map((state) => state.digest('hex'))
}

export async function measureFile(
  place: string,
  hashes: readonly ('sha256' | 'sha384' | 'sha512')[],
  hash: HashFile,
): Promise<ArtifactDigests> {
  const measured = await hash(place, hashes)
  const found = Object.fromEntries(hashes.map((name, i) => [name, `${name}:${measured[i]}`]))
  const { sha256 = '', sha384, sha512 } = found
  return { sha256: sha256 as Digest, ...(sha384 !== undefined && { sha384 }), ...(sha512 !== undefined && { sha512 }) }
}
