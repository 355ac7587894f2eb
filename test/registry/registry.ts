import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** One request as it arrived. `auth`: the value of Authorization, so that a test can say that none came. */
export type Seen = {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly auth?: string
  readonly headers: IncomingMessage['headers']
}

/** Answers instead of the registry where it returns true; for faults of every kind. */
export type Fault = (
  request: IncomingMessage,
  response: ServerResponse,
  registry: TestRegistry,
) => boolean | Promise<boolean>

export type RegistryOptions = {
  /** `api`: the referrers API of OCI 1.1; `fallback`: 404 there, referrers are found at the tag `sha256-<hex>`. */
  readonly referrers?: 'api' | 'fallback'
  /** Referrers on one page of the API. */
  readonly pageSize?: number
  /** Registries are free to leave `Docker-Content-Digest` out. */
  readonly digestHeader?: boolean
  readonly fault?: Fault
  readonly tls?: { readonly key: string; readonly cert: string }
}

type Stored = { readonly bytes: Uint8Array; readonly mediaType: string }

/** A small OCI registry on loopback with an exact log of requests. */
export type TestRegistry = {
  /** `127.0.0.1:<port>` */
  readonly host: string
  readonly origin: string
  readonly requests: Seen[]
  /** Stores a manifest under its digest and, if `ref` is a tag, under that; a `subject` in it is listed as a referrer. */
  addManifest(
    repository: string,
    ref: string | undefined,
    bytes: Uint8Array | string | object,
    mediaType?: string,
  ): string
  addBlob(repository: string, bytes: Uint8Array | string): string
  /** Removes a tag, or a manifest or blob by digest, which is then no referrer any more. */
  remove(repository: string, ref: string): void
  setFault(fault: Fault | undefined): void
  /** `GET /v2/…`, one a request. */
  lines(): string[]
  close(): Promise<void>
}

export const digestOf = (bytes: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
const ociIndex = 'application/vnd.oci.image.index.v1+json'

export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const { referrers = 'api', pageSize = Number.POSITIVE_INFINITY, digestHeader = true, tls } = options
  let { fault } = options
  const manifests = new Map<string, Stored>() // `<repository>@<digest>`
  const blobs = new Map<string, Uint8Array>() // `<repository>@<digest>`
  const tags = new Map<string, string>() // `<repository>:<tag>` → digest
  const referring = new Map<string, object[]>() // `<repository>@<subject>` → descriptors
  const requests: Seen[] = []

  const addManifest: TestRegistry['addManifest'] = (repository, ref, content, mediaType) => {
    const bytes =
      typeof content === 'string'
        ? Buffer.from(content)
        : content instanceof Uint8Array
          ? content
          : Buffer.from(JSON.stringify(content))
    const document = read(bytes)
    const type = mediaType ?? document.mediaType ?? (document.manifests === undefined ? ociManifest : ociIndex)
    const digest = digestOf(bytes)
    manifests.set(`${repository}@${digest}`, { bytes, mediaType: type })
    if (ref !== undefined && !ref.includes(':')) tags.set(`${repository}:${ref}`, digest)
    if (document.subject !== undefined)
      refer(repository, document.subject.digest, {
        mediaType: type,
        digest,
        size: bytes.length,
        artifactType: document.artifactType ?? document.config?.mediaType,
      })
    return digest
  }

  function refer(repository: string, subject: string, descriptor: object): void {
    const list = referring.get(`${repository}@${subject}`) ?? []
    list.push(descriptor)
    referring.set(`${repository}@${subject}`, list)
    if (referrers === 'fallback')
      addManifest(
        repository,
        subject.replace(':', '-'),
        { schemaVersion: 2, mediaType: ociIndex, manifests: list },
        ociIndex,
      )
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://registry.invalid')
    const auth = request.headers.authorization
    requests.push({
      method: request.method ?? '',
      path: url.pathname,
      query: url.search.slice(1),
      headers: request.headers,
      ...(auth !== undefined && { auth }),
    })
    if (fault !== undefined && (await fault(request, response, registry))) return
    const [, repository = '', kind = '', ref = ''] =
      /^\/v2\/(.+)\/(manifests|blobs|referrers)\/([^/]+)$/.exec(decodeURIComponent(url.pathname)) ?? []
    if (kind === 'manifests') {
      const digest = ref.includes(':') ? ref : tags.get(`${repository}:${ref}`)
      const stored = manifests.get(`${repository}@${digest}`)
      if (stored === undefined || digest === undefined) return notFound(response, 'MANIFEST_UNKNOWN')
      return send(request, response, stored.bytes, {
        'content-type': stored.mediaType,
        ...(digestHeader && { 'docker-content-digest': digest }),
      })
    }
    if (kind === 'blobs') {
      const bytes = blobs.get(`${repository}@${ref}`)
      return bytes === undefined
        ? notFound(response, 'BLOB_UNKNOWN')
        : send(request, response, bytes, { 'content-type': 'application/octet-stream' })
    }
    if (kind === 'referrers' && referrers === 'api') {
      const all = referring.get(`${repository}@${ref}`) ?? []
      const from = Number(url.searchParams.get('from') ?? 0)
      const next = from + pageSize
      const link = next < all.length ? { link: `<${url.pathname}?from=${next}>; rel="next"` } : undefined
      const page = { schemaVersion: 2, mediaType: ociIndex, manifests: all.slice(from, next) }
      return send(request, response, Buffer.from(JSON.stringify(page)), { 'content-type': ociIndex, ...link })
    }
    return notFound(response, 'NOT_FOUND')
  }

  const handler = (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  }
  const server: Server | TlsServer = tls === undefined ? createServer(handler) : createTlsServer(tls, handler)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`

  const registry: TestRegistry = {
    host,
    origin: `${tls === undefined ? 'http' : 'https'}://${host}`,
    requests,
    addManifest,
    addBlob: (repository, content) => {
      const bytes = Buffer.from(content)
      blobs.set(`${repository}@${digestOf(bytes)}`, bytes)
      return digestOf(bytes)
    },
    remove: (repository, ref) => {
      if (!ref.includes(':')) tags.delete(`${repository}:${ref}`)
      manifests.delete(`${repository}@${ref}`)
      for (const list of referring.values()) {
        const at = list.findIndex((one) => 'digest' in one && one.digest === ref)
        if (at >= 0) list.splice(at, 1)
      }
      blobs.delete(`${repository}@${ref}`)
    },
    setFault: (next) => {
      fault = next
    },
    lines: () => requests.map(({ method, path, query }) => `${method} ${path}${query === '' ? '' : `?${query}`}`),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
  return registry
}

export function send(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  headers: Record<string, string>,
  status = 200,
): void {
  response.writeHead(status, { 'content-length': bytes.length, ...headers })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

/** An answer of a fault, in one line. */
export function reply(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  body: string | Uint8Array = '',
): true {
  response.writeHead(status, headers)
  response.end(body)
  return true
}

const notFound = (response: ServerResponse, code: string): void => {
  reply(
    response,
    404,
    { 'content-type': 'application/json' },
    JSON.stringify({ errors: [{ code, message: 'not here' }] }),
  )
}

type Document = {
  mediaType?: string
  manifests?: unknown
  subject?: { digest: string }
  artifactType?: string
  config?: { mediaType?: string }
}

function read(bytes: Uint8Array): Document {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Document
  } catch {
    return {}
  }
}
