import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Digest } from '../../core/digest.ts'
import type { Downloads } from '../../core/downloads.ts'
import { Fault } from '../../core/fault.ts'
import type { Limits } from '../../core/limits.ts'
import { formatTime } from '../../core/time.ts'
import type { Lookup } from '../http/connect.ts'
import { Dispatchers } from '../http/dispatchers.ts'
import { HostRules } from '../http/host-rules.ts'
import { networkFailure } from '../http/network-failure.ts'
import type { ProxyEnv } from '../http/proxy.ts'
import { retryAfterOf } from '../http/rate.ts'
import { header } from '../http/result.ts'

export type DownloadOptions = {
  /** Hosts of an operator's list, which redirects may not leave either; undefined: a person typed the address. */
  readonly allows?: ((host: string) => boolean) | undefined
  /** host[:port] that may speak plain HTTP and be private (MESHPROOF_REGISTRY_INSECURE). */
  readonly insecure: Iterable<string>
  readonly authorities: readonly string[]
  readonly proxyEnv: ProxyEnv
  readonly limits: Limits
  readonly lookup?: Lookup | undefined
  readonly now: () => number
}

/** Files of releases by their addresses. Nothing of them is kept but what is measured, or what is read while it is put aside. */
export function openDownloads(options: DownloadOptions): Downloads & { close(): Promise<void> } {
  const { limits, insecure, authorities, proxyEnv, lookup } = options
  const dispatchers = new Dispatchers({ connectMs: limits.connectMs, lookup, authorities, proxyEnv })
  const rules = new HostRules({ insecure })
  const get = (url: string, limit: number) => follow(url, limit, { ...options, rules, dispatchers })
  return {
    async measure(url) {
      const hash = createHash('sha256')
      const { body, host } = await get(url, limits.releaseBytes)
      await reading(host, () => pipeline(body, bounded(limits.releaseBytes), hash))
      return `sha256:${hash.digest('hex')}` as Digest
    },
    async save(url, limit) {
      const { body, host } = await get(url, limit)
      const folder = await mkdtemp(join(tmpdir(), 'meshproof-download-'))
      const discard = () => rm(folder, { recursive: true, force: true })
      const place = join(folder, 'file')
      try {
        await reading(host, () => pipeline(body, bounded(limit), createWriteStream(place, { mode: 0o600 })))
      } catch (error) {
        await discard()
        throw error
      }
      return { place, discard }
    },
    close: () => dispatchers.close(),
  }
}

type Way = DownloadOptions & { readonly rules: HostRules; readonly dispatchers: Dispatchers }

/** Redirects are followed by hand: each address has to be one that may be asked (T42, T47). */
async function follow(from: string, limit: number, way: Way): Promise<{ body: Readable; host: string }> {
  const { limits, dispatchers, rules, now } = way
  let url = allowed(from, from, way)
  for (let hops = 0; ; hops++) {
    const { host } = url
    const { statusCode, headers, body } = await reading(host, () =>
      dispatchers.for(url, rules.reachOf(host)).dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'GET',
        headers: { 'user-agent': 'meshproof', 'accept-encoding': 'identity' },
        signal: AbortSignal.timeout(limits.requestMs),
        headersTimeout: limits.answerMs,
        bodyTimeout: limits.answerMs,
      }),
    )
    body.on('error', () => {}) // of a body that is left alone; one that is read says it to the reader
    if (statusCode === 200) {
      const encoding = header(headers, 'content-encoding') ?? 'identity'
      if (Number(header(headers, 'content-length') ?? 0) <= limit && encoding === 'identity') return { body, host }
      body.destroy()
      throw encoding === 'identity' ? tooLarge(limit) : unavailable(`${host}: encoded as ${encoding.slice(0, 40)}`)
    }
    await body.dump({ limit: limits.tokenBytes })
    const to = header(headers, 'location')
    if ([301, 302, 303, 307, 308].includes(statusCode) && to !== undefined && hops < limits.redirects)
      url = allowed(URL.parse(to, url.href)?.href ?? '', host, way)
    else if (statusCode === 404 || statusCode === 410)
      throw new Fault('release.not-found', { status: 422, parameters: { found: shown(url) } })
    else {
      const retry = statusCode === 429 || headers['retry-after'] !== undefined
      throw unavailable(
        `${host}: status ${statusCode}`,
        undefined,
        retry ? formatTime(retryAfterOf(headers, now(), limits)) : undefined,
      )
    }
  }
}

/** An address that may be asked: TLS, unless the installation says otherwise; on the list, where there is one. */
function allowed(text: string, from: string, { allows, rules }: Way): URL {
  const url = URL.parse(text)
  const isPlain = url?.protocol === 'http:' && rules.isPlain(url.host)
  const bare = url?.username === '' && url.password === ''
  if (url === null || !bare || (url.protocol !== 'https:' && !isPlain) || allows?.(url.host) === false)
    throw new Fault('release.not-allowed', { status: 422, parameters: { found: url === null ? from : shown(url) } })
  return url
}

/** What stands in an address after a `?` may be a secret. */
const shown = ({ origin, pathname }: URL): string => `${origin}${pathname}`

async function reading<T>(host: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Fault) throw error
    const { trouble, detail } = networkFailure(error, host, () => 'release.unavailable')
    if (trouble === 'address-refused')
      throw new Fault('release.not-allowed', { status: 422, parameters: { found: host }, cause: error })
    throw unavailable(trouble === 'unreachable' ? String(detail['found'] ?? host) : `${host}: ${trouble}`, error)
  }
}

const unavailable = (found: string, cause?: unknown, retryAfter?: string): Fault =>
  new Fault('release.unavailable', {
    status: 503,
    parameters: { found },
    cause,
    ...(retryAfter !== undefined && { retryAfter }),
  })

const tooLarge = (limit: number): Fault =>
  new Fault('limit.bytes', { status: 422, parameters: { expected: String(limit) } })

const bounded = (limit: number) =>
  async function* count(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let length = 0
    for await (const chunk of chunks) {
      length += chunk.length
      if (length > limit) throw tooLarge(limit)
      yield chunk
    }
  }
