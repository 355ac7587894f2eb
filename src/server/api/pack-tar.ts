import { Readable } from 'node:stream'
import { pack } from 'tar-stream'
import type { Digest } from '../../core/digest.ts'
import type { PackedRequest } from '../../evidence/pack/format.ts'
import { packFiles } from '../../evidence/pack/write.ts'

/** An evidence pack as one file. Nothing of this machine or moment gets in: the same verdict gives the same bytes. */
export function packTar(request: PackedRequest, documents: ReadonlyMap<Digest, Uint8Array>): Readable {
  const tar = pack()
  for (const [name, bytes] of packFiles([request], documents))
    tar.entry({ name, size: bytes.length, mtime: new Date(0), mode: 0o644 }, Buffer.from(bytes))
  tar.finalize()
  return Readable.from(tar)
}
