import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { decodeBase64 } from '../../core/base64.ts'
import { type Digest, digestOf } from '../../core/digest.ts'
import { formatTime, parseTime, type Time } from '../../core/time.ts'

/** The public-good trusted root as a document: its bytes, its digest, and when it was last known to be current. */
export type TrustedRootDocument = {
  readonly digest: Digest
  readonly bytes: Uint8Array
  readonly name: string
  readonly asOf?: Time
}

export type PublicGoodOptions = {
  /** Folder of the last good copy and of the TUF client; undefined: nothing is kept. */
  readonly folder: string | undefined
  readonly offline: boolean
  readonly now: () => number
  readonly mirror?: string
  readonly report?: (error: unknown) => void
}

const mirrorOfSigstore = 'https://tuf-repo-cdn.sigstore.dev'
const freshMs = 24 * 60 * 60_000
const retryMs = 10 * 60_000
const refreshMs = 8_000

/**
 * By TUF where it can be refreshed, else our last good copy, else the seed that the package brings, whose age nobody
 * knows. The library itself throws without a network (measured), so the fall-backs are ours.
 */
export async function publicGoodRoot(options: PublicGoodOptions): Promise<TrustedRootDocument | undefined> {
  const { folder, offline, now } = options
  const kept = folder === undefined ? undefined : readKept(folder)
  const age = kept?.asOf === undefined ? Number.POSITIVE_INFINITY : now() - (parseTime(kept.asOf) ?? 0)
  if (kept !== undefined && age >= 0 && age < freshMs) return kept
  if (!offline && !(folder !== undefined && triedLately(folder, now()))) {
    const refreshed = await refresh(options)
    if (refreshed !== undefined) return refreshed
  }
  return kept ?? seed()
}

const keptShape = z.object({ asOf: z.string(), root: z.string() })
const keptFile = (folder: string) => join(folder, 'public-good.json')

function readKept(folder: string): TrustedRootDocument | undefined {
  try {
    const { asOf, root } = keptShape.parse(JSON.parse(readFileSync(keptFile(folder), 'utf8')))
    const bytes = decodeBase64(root)
    const time = parseTime(asOf)
    return bytes === undefined || time === undefined ? undefined : documentOf(bytes, formatTime(time))
  } catch {
    return undefined
  }
}

const documentOf = (bytes: Uint8Array, asOf?: Time): TrustedRootDocument => ({
  digest: digestOf(bytes),
  bytes,
  name: 'public-good',
  ...(asOf !== undefined && { asOf }),
})

/** T68: the TUF client checks versions, thresholds and expiry; what it refuses changes nothing here. */
async function refresh({
  folder,
  now,
  mirror = mirrorOfSigstore,
  report,
}: PublicGoodOptions): Promise<TrustedRootDocument | undefined> {
  const place = folder ?? join(tmpdir(), `meshproof-tuf-${process.pid}`)
  try {
    mkdirSync(place, { recursive: true, mode: 0o700 })
    const { initTUF } = await import('@sigstore/tuf')
    const tuf = await initTUF({ mirrorURL: mirror, cachePath: join(place, 'tuf'), retry: 0, timeout: refreshMs })
    const bytes = Buffer.from(await tuf.getTarget('trusted_root.json'), 'utf8')
    const document = documentOf(bytes, formatTime(now()))
    if (folder !== undefined) keep(folder, document)
    return document
  } catch (error) {
    report?.(error)
    if (folder !== undefined) markTried(folder, now())
    return undefined
  }
}

function keep(folder: string, { bytes, asOf }: TrustedRootDocument): void {
  writeWhole(keptFile(folder), JSON.stringify({ asOf, root: Buffer.from(bytes).toString('base64') }))
}

const triedFile = (folder: string) => join(folder, 'refresh-failed')

function markTried(folder: string, now: number): void {
  try {
    writeWhole(triedFile(folder), String(now))
  } catch {
    // A read-only cache only means that the next run tries again.
  }
}

function triedLately(folder: string, now: number): boolean {
  try {
    const tried = Number(readFileSync(triedFile(folder), 'utf8'))
    return now >= tried && now - tried < retryMs
  } catch {
    return false
  }
}

function writeWhole(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`
  writeFileSync(temporary, text, { mode: 0o600 })
  renameSync(temporary, file)
}

const seedShape = z.record(z.string(), z.object({ targets: z.record(z.string(), z.string()) }))

/** The package's own copy; it carries no date. */
function seed(): TrustedRootDocument | undefined {
  const require = createRequire(import.meta.url)
  const seeds = seedShape.safeParse(require('@sigstore/tuf/seeds.json'))
  const encoded = seeds.data?.[mirrorOfSigstore]?.targets['trusted_root.json']
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded)
  return bytes === undefined ? undefined : documentOf(bytes)
}
