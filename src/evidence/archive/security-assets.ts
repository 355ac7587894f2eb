import { statSync } from 'node:fs'
import type { Limits } from '../../core/limits.ts'
import { ArchiveProblem, type Unusable } from './problem.ts'
import { readArchive } from './read.ts'

/** What `security-assets.tar.gz` gave: the provenance inside, or why there is none. */
export type Assets = { readonly provenance: Uint8Array } | Unusable

/** The name under which Kong packs the provenance of its archives (`find . -name '*.intoto.jsonl'`, so mostly `./…`). */
const provenanceName = 'kong-mesh.intoto.jsonl'

/**
 * Finds the provenance in Kong's `security-assets.tar.gz`, whatever spelling its name has there. An archive with anything
 * odd in it is not used at all (T65): its contents are signed, but whoever made it odd wanted something.
 */
export async function readSecurityAssets(file: string, limits: Limits): Promise<Assets> {
  const pieces: Uint8Array[] = []
  let found = false
  let tooLarge = false
  try {
    if (!statSync(file).isFile()) throw new ArchiveProblem('archive.malformed', 'not a file')
    const [odd] = await readArchive(file, { ...limits, archiveBytes: limits.assetsBytes }, ({ name, size }) => {
      if (name !== provenanceName) return undefined
      found = true
      tooLarge ||= size > limits.givenBytes
      return tooLarge ? undefined : { take: (piece) => pieces.push(piece), end: () => {} }
    })
    if (odd !== undefined) return { failed: odd.code, found: odd.found }
    if (tooLarge) return { failed: 'limit.bytes', found: provenanceName }
    return found ? { provenance: Buffer.concat(pieces) } : { failed: 'archive.file-absent', found: provenanceName }
  } catch (error) {
    if (error instanceof ArchiveProblem) return { failed: error.code, found: error.found }
    throw error
  }
}
