import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeFolder } from '../store/folder.ts'
import { layOut, pickUp } from './remembered.ts'

/** How a TUF repository is fetched from: proxies and CAs are those of the installation, and all of it ends when told to. */
export interface Way {
  open(): Promise<void>
  close(): Promise<void>
}

export type TufOptions = {
  readonly mirror: string
  /** The TUF root to begin with, where the library has none for this mirror. */
  readonly root: Uint8Array | undefined
  /** Where metadata is kept; undefined or not writable: a folder of this run. */
  readonly folder: string | undefined
  readonly way: Way
  readonly deadlineMs: number
  /** Ends it before its time. */
  readonly signal?: AbortSignal
}

/**
 * The trusted root by TUF. T68: the client checks versions, thresholds and expiry, and throws for whatever it refuses. It
 * knows no deadline over all its requests, so the way is closed under it when the time is over.
 */
export async function fetchTrustedRoot(options: TufOptions): Promise<Buffer> {
  const { mirror, root, folder, way, deadlineMs, signal } = options
  const place = (await writable(folder)) ?? temporary()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, failed) => {
    timer = setTimeout(() => failed(new Error(`no trusted root within ${deadlineMs} ms`)), deadlineMs)
    signal?.addEventListener('abort', () => failed(new Error('not waited for: the process ends')), { once: true })
  })
  try {
    return await Promise.race([late, download(mirror, root, place.path, way, deadlineMs)])
  } finally {
    clearTimeout(timer)
    await way.close()
    place.leave()
  }
}

async function download(
  mirrorURL: string,
  root: Uint8Array | undefined,
  cachePath: string,
  way: Way,
  timeout: number,
): Promise<Buffer> {
  await way.open()
  const { initTUF } = await import('@sigstore/tuf')
  const rootPath = join(cachePath, 'first-root.json')
  if (root !== undefined) writeFileSync(rootPath, root)
  const tuf = await initTUF({ mirrorURL, cachePath, retry: 0, timeout, ...(root !== undefined && { rootPath }) })
  return Buffer.from(await tuf.getTarget('trusted_root.json'), 'utf8')
}

/**
 * The same where nothing is kept between runs: what the client remembers comes in and goes out as data, so that a process
 * with an empty folder is not told of a state before the one that another one has seen (T68).
 */
export async function refreshTrustedRoot(
  options: Omit<TufOptions, 'folder'> & { readonly metadata: Uint8Array | undefined },
): Promise<{ readonly bytes: Uint8Array; readonly metadata: Uint8Array }> {
  const { path, leave } = temporary()
  try {
    if (options.metadata !== undefined) layOut(path, options.mirror, options.metadata) // T68
    const bytes = await fetchTrustedRoot({ ...options, folder: path })
    return { bytes, metadata: pickUp(path, options.mirror) }
  } finally {
    leave()
  }
}

type Folder = { readonly path: string; leave(): void }

async function writable(folder: string | undefined): Promise<Folder | undefined> {
  if (folder === undefined) return undefined
  try {
    await makeFolder(folder)
    writeFileSync(join(folder, '.used'), '')
    return { path: folder, leave: () => {} }
  } catch {
    return undefined // T104: a cache may be read-only
  }
}

/** Nobody can lay out a root there before us: the name is new and the folder ours. */
function temporary(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'meshproof-tuf-'))
  return { path, leave: () => rmSync(path, { recursive: true, force: true }) }
}
