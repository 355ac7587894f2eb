import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { decodeBase64 } from '../../core/base64.ts'

/** What a TUF client must not forget: the newest root and metadata that it has seen (TUF specification 5.3.2, 5.4.3). */
const files = ['root.json', 'timestamp.json', 'snapshot.json', 'targets.json'] as const
const shape = z.partialRecord(z.enum(files), z.string())

/** The folder in which the library keeps the metadata of a mirror. */
const folderOf = (folder: string, mirror: string): string => {
  const { host, pathname } = new URL(mirror)
  return join(folder, encodeURIComponent(host + pathname.replace(/\/$/, '')))
}

export function layOut(folder: string, mirror: string, metadata: Uint8Array): void {
  const own = folderOf(folder, mirror)
  mkdirSync(own, { recursive: true, mode: 0o700 })
  const read = shape.parse(JSON.parse(Buffer.from(metadata).toString('utf8')))
  for (const file of files) {
    const bytes = decodeBase64(read[file] ?? '')
    if (read[file] !== undefined && bytes !== undefined) writeFileSync(join(own, file), bytes, { mode: 0o600 })
  }
}

export function pickUp(folder: string, mirror: string): Uint8Array {
  const own = folderOf(folder, mirror)
  const there = new Set(readdirSync(own))
  const kept = files.filter((file) => there.has(file))
  return Buffer.from(
    JSON.stringify(Object.fromEntries(kept.map((file) => [file, readFileSync(join(own, file)).toString('base64')]))),
  )
}
