import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { z } from 'zod'
import { decodeBase64 } from '../../core/base64.ts'
import { type Digest, digestOf } from '../../core/digest.ts'
import { limits as defaultLimits, type Limits } from '../../core/limits.ts'
import { formatTime, parseTime, type Time } from '../../core/time.ts'
import { writeWhole } from '../store/folder.ts'
import type { Way } from './tuf.ts'

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
  /** The TUF root to begin with; default: the package's. */
  readonly root?: Uint8Array
  /** How the mirror is reached; asked for only where there is something to fetch. */
  readonly way: () => Promise<Way>
  readonly limits?: Limits
  readonly report?: (error: unknown) => void
}

const mirrorOfSigstore = 'https://tuf-repo-cdn.sigstore.dev'
const freshMs = 24 * 60 * 60_000
const retryMs = 10 * 60_000

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

async function refresh(options: PublicGoodOptions): Promise<TrustedRootDocument | undefined> {
  const { folder, now, way, mirror = mirrorOfSigstore, limits = defaultLimits, report } = options
  try {
    const { fetchTrustedRoot } = await import('./tuf.ts')
    const bytes = await fetchTrustedRoot({
      mirror,
      root: options.root ?? firstRoot(mirror),
      folder: folder === undefined ? undefined : join(folder, 'tuf'),
      way: await way(),
      deadlineMs: limits.trustRefreshMs,
    })
    const document = documentOf(bytes, formatTime(now()))
    if (folder !== undefined) await keep(folder, document)
    return document
  } catch (error) {
    report?.(error)
    if (folder !== undefined) await writeWhole(triedFile(folder), String(now()))
    return undefined
  }
}

/** A read-only cache only means that the next run does it again (T104). */
const keep = (folder: string, { bytes, asOf }: TrustedRootDocument): Promise<boolean> =>
  writeWhole(keptFile(folder), JSON.stringify({ asOf, root: Buffer.from(bytes).toString('base64') }))

const triedFile = (folder: string) => join(folder, 'refresh-failed')

function triedLately(folder: string, now: number): boolean {
  try {
    const tried = Number(readFileSync(triedFile(folder), 'utf8'))
    return now >= tried && now - tried < retryMs
  } catch {
    return false
  }
}

/** The service keeps for itself what a TUF client remembers. Throws where nothing good was to be had. */
export async function refreshPublicGood(
  options: Pick<PublicGoodOptions, 'mirror' | 'root' | 'way' | 'limits'>,
  metadata: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<{ readonly bytes: Uint8Array; readonly metadata: Uint8Array }> {
  const { way, mirror = mirrorOfSigstore, limits = defaultLimits, root = firstRoot(mirror) } = options
  const { refreshTrustedRoot } = await import('./tuf.ts')
  return refreshTrustedRoot({ mirror, root, metadata, way: await way(), deadlineMs: limits.trustRefreshMs, signal })
}

/** The library knows the first root of Sigstore's own repository by that one's address only. */
const firstRoot = (mirror: string): Uint8Array | undefined => (mirror === mirrorOfSigstore ? undefined : seeds().root)

const seedShape = z.record(z.string(), z.object({ 'root.json': z.string(), targets: z.record(z.string(), z.string()) }))

/** What the package brings of Sigstore's own repository. */
function seeds(): { readonly root: Uint8Array | undefined; readonly trusted: Uint8Array | undefined } {
  const require = createRequire(import.meta.url)
  const ours = seedShape.safeParse(require('@sigstore/tuf/seeds.json')).data?.[mirrorOfSigstore]
  const bytes = (encoded: string | undefined) => (encoded === undefined ? undefined : decodeBase64(encoded))
  return { root: bytes(ours?.['root.json']), trusted: bytes(ours?.targets['trusted_root.json']) }
}

/** The package's own copy; it carries no date. */
function seed(): TrustedRootDocument | undefined {
  const { trusted } = seeds()
  return trusted === undefined ? undefined : documentOf(trusted)
}
