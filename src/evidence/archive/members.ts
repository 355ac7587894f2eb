import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { type ArchiveMembers, sealMembers } from '../../core/archive-members.ts'
import type { Digest } from '../../core/digest.ts'
import type { Sealed } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'
import type { Unusable } from './problem.ts'
import { ArchiveProblem } from './problem.ts'
import { readArchive } from './read.ts'

/** The hashes of all files in an archive, in one pass; the archive must be the one whose digest is known by then. */
export async function listMembers(file: string, archive: Digest, limits: Limits): Promise<Sealed | Unusable> {
  const packed = createHash('sha256')
  const members: ArchiveMembers['members'][number][] = []
  try {
    if (!statSync(file).isFile()) throw new ArchiveProblem('archive.malformed', 'not a file')
    const oddities = await readArchive(
      file,
      limits,
      ({ name, size }) => {
        const hash = createHash('sha256')
        return {
          take: (piece) => hash.update(piece),
          end: () => members.push({ name, size, digest: `sha256:${hash.digest('hex')}` as Digest }),
        }
      },
      packed,
    )
    if (`sha256:${packed.digest('hex')}` !== archive) return { failed: 'evidence.digest-mismatch', found: archive }
    return sealMembers({ archive, members, oddities })
  } catch (error) {
    if (error instanceof ArchiveProblem) return { failed: error.code, found: error.found }
    throw error
  }
}
