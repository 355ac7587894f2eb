import type { Hash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { type Extract, extract, type Headers } from 'tar-stream'
import type { Code } from '../../core/codes.ts'
import type { Limits } from '../../core/limits.ts'
import { plainName } from './names.ts'
import { ArchiveProblem } from './problem.ts'

export type Entry = { readonly name: string; readonly size: number }
/** Something in it that a release has no need of; the rest is read all the same. */
export type Oddity = { readonly code: Code; readonly found: string }
/** Takes the bytes of an entry as they come. */
export type Sink = { readonly take: (piece: Uint8Array) => void; readonly end: () => void }

/**
 * Reads a gzipped tar as a stream, never to disk (T65): `visit` sees each regular file once, by its plain name, and may take
 * its bytes. Inflated bytes are counted by us (T66). Throws an `ArchiveProblem` where reading has to stop.
 */
export async function readArchive(
  file: string,
  limits: Limits,
  visit: (entry: Entry) => Sink | undefined,
  compressed?: Hash,
): Promise<readonly Oddity[]> {
  const tar = new TarReader(limits, visit)
  try {
    for await (const piece of inflated(file, limits, compressed)) await tar.take(piece)
    await tar.close()
  } catch (error) {
    tar.stop()
    throw tar.problem ?? problemOf(error)
  }
  return tar.oddities
}

/** What the library and zlib say is for the log; of ours there is one code. */
function problemOf(error: unknown): ArchiveProblem {
  if (error instanceof ArchiveProblem) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return new ArchiveProblem('archive.malformed', code.startsWith('Z_') ? 'not gzip, or cut short' : 'not a tar', error)
}

/** The inflated bytes, cut where they are more than any release has, or than such an input should give (T66). */
async function* inflated(file: string, limits: Limits, compressed: Hash | undefined): AsyncGenerator<Uint8Array> {
  const input = createReadStream(file, { highWaterMark: 1024 * 1024 })
  const gunzip = createGunzip({ chunkSize: 64 * 1024 })
  if (compressed !== undefined) input.on('data', (piece) => compressed.update(piece))
  input.on('error', (error) => gunzip.destroy(error))
  input.pipe(gunzip)
  try {
    let inflatedBytes = 0
    for await (const piece of gunzip as AsyncIterable<Buffer>) {
      inflatedBytes += piece.length
      if (inflatedBytes > limits.archiveBytes)
        throw new ArchiveProblem('limit.archive', `more than ${limits.archiveBytes} bytes`)
      if (swells(inflatedBytes, gunzip.bytesWritten, limits))
        throw new ArchiveProblem('limit.archive', 'far larger than it was packed')
      yield piece
    }
    // zlib stops at what follows the last member, and whoever reads the file otherwise does not.
    if (gunzip.bytesWritten !== statSync(file).size)
      throw new ArchiveProblem('archive.malformed', 'bytes after its end')
  } finally {
    input.destroy()
    gunzip.destroy()
  }
}

function swells(inflated: number, packed: number, limits: Limits): boolean {
  const { archiveRatio, archiveRatioFrom, archiveLargeRatio, archiveLargeFrom } = limits
  return (
    (inflated > archiveRatioFrom && inflated > archiveRatio * packed) ||
    (inflated > archiveLargeFrom && inflated > archiveLargeRatio * packed)
  )
}

/** The tar inside: entries in their order, one at a time. */
class TarReader {
  problem: ArchiveProblem | undefined
  readonly oddities: Oddity[] = []
  readonly #limits: Limits
  readonly #visit: (entry: Entry) => Sink | undefined
  readonly #parser: Extract = extract()
  readonly #names = new Set<string>()
  #entries = 0
  #namesBytes = 0
  /** Bytes since the parser last showed something: it holds what it has not understood yet. */
  #held = 0
  #wake: () => void = () => {}

  constructor(limits: Limits, visit: (entry: Entry) => Sink | undefined) {
    this.#limits = limits
    this.#visit = visit
    this.#parser.on('entry', (header, body, next) => this.#entry(header, body, next))
    this.#parser.on('drain', () => this.#wake())
    this.#parser.on('error', (error) => {
      this.problem ??= problemOf(error)
      this.#wake()
    })
    this.#parser.on('close', () => this.#wake())
  }

  async take(piece: Uint8Array): Promise<void> {
    this.#held += piece.length
    if (!this.#parser.write(piece)) await this.#woken()
    if (this.#held > this.#limits.archiveHeaderBytes)
      this.#fail(new ArchiveProblem('limit.archive', `headers of more than ${this.#limits.archiveHeaderBytes} bytes`))
    if (this.problem !== undefined) throw this.problem
  }

  async close(): Promise<void> {
    let ended = false
    this.#parser.on('finish', () => {
      ended = true
      this.#wake()
    })
    this.#parser.end()
    while (!ended && this.problem === undefined) await this.#woken()
    if (this.problem !== undefined) throw this.problem
    if (this.#entries === 0) throw new ArchiveProblem('archive.malformed', 'it is empty')
  }

  stop(): void {
    this.#parser.destroy()
  }

  /** A parser that failed or was destroyed emits nothing any more. */
  #woken(): Promise<void> {
    return new Promise((done) => {
      this.#wake = done
      if (this.problem !== undefined) done()
    })
  }

  #fail(problem: ArchiveProblem): void {
    this.problem ??= problem
    this.#parser.destroy()
    this.#wake()
  }

  #entry(header: Headers, body: NodeJS.ReadableStream & AsyncIterable<Uint8Array>, next: () => void): void {
    this.#held = 0
    body.on('error', () => {}) // of one that was destroyed with the parser
    const sink = this.#admit(header)
    if (this.problem !== undefined) return
    body.on('data', (piece: Uint8Array) => {
      this.#held = 0
      sink?.take(piece)
    })
    body.on('end', () => {
      sink?.end()
      next()
    })
  }

  /** What an entry is, before a byte of it is read; only a regular file of a plain name is shown to anybody. */
  #admit({ name, size, type }: Headers): Sink | undefined {
    const { archiveEntries, archiveNameBytes, archiveNamesBytes } = this.#limits
    this.#namesBytes += name.length
    if (++this.#entries > archiveEntries || this.#namesBytes > archiveNamesBytes) {
      this.#fail(new ArchiveProblem('limit.archive', `more than ${archiveEntries} entries, or their names`))
      return undefined
    }
    // A size of the pax header is any text; the parser would wait for it for ever.
    if (size === undefined || !Number.isSafeInteger(size) || size < 0) {
      this.#fail(new ArchiveProblem('archive.malformed', 'an entry without a size'))
      return undefined
    }
    const plain = plainName(name, archiveNameBytes)
    const isFolder = type === 'directory' || (type === 'file' && name.endsWith('/')) // as old tars wrote it
    if (plain === undefined || (plain === '' && !isFolder)) return this.#odd('archive.path-unsafe', name) // T65
    if (isFolder) return undefined
    if (type !== 'file' && type !== 'contiguous-file') this.#odd('archive.entry-unsafe', name)
    if (this.#names.has(plain)) return this.#odd('archive.name-twice', plain)
    this.#names.add(plain)
    return type === 'file' || type === 'contiguous-file' ? this.#visit({ name: plain, size }) : undefined
  }

  /** The first few are named; how many there are tells nobody more. */
  #odd(code: Code, found: string): undefined {
    if (this.oddities.length < 16) this.oddities.push({ code, found: found.slice(0, 200).toWellFormed() })
    return undefined
  }
}
