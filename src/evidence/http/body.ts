import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { Digest } from '../../core/digest.ts'

export type Body = { readonly bytes: Uint8Array; readonly digest: Digest }
export class BodyTooLarge extends Error {}
export class BodyMalformed extends Error {}

/**
 * Reads a body to its end, hashing as it comes. What counts against the limit are decoded bytes (T38), so that a small
 * gzip answer that swells is cut at the same place as a body that never ends. Leaving the loop destroys the stream.
 */
export async function readBody(stream: Readable, encoding: string | undefined, limit: number): Promise<Body> {
  const hash = createHash('sha256')
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of decoded(stream, encoding)) {
    length += chunk.length
    if (length > limit) throw new BodyTooLarge()
    hash.update(chunk)
    chunks.push(chunk)
  }
  return { bytes: Buffer.concat(chunks, length), digest: `sha256:${hash.digest('hex')}` as Digest }
}

/** We ask for `identity`; gzip is spoken since proxies add it all the same. */
async function* decoded(stream: Readable, encoding: string | undefined): AsyncGenerator<Uint8Array> {
  if (encoding === undefined || encoding === '' || encoding.toLowerCase() === 'identity') return yield* stream
  if (!/^(x-)?gzip$/i.test(encoding)) throw new BodyMalformed()
  const inflated = createGunzip()
  stream.on('error', (error) => inflated.destroy(error))
  try {
    yield* stream.pipe(inflated)
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      throw new BodyMalformed('gzip', { cause: error })
    throw error
  } finally {
    stream.destroy()
  }
}
