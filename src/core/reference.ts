import { type Digest, isDigest, isForeignDigest } from './digest.ts'

/** Canonical text: `docker.io/kong/kuma-cp:2.14.3@sha256:…`. */
export type Reference = string & { readonly __brand: 'Reference' }
/** A reference without tag and digest: `docker.io/kong/kuma-cp`. */
export type Name = string & { readonly __brand: 'Name' }

export type ReferenceParts = {
  readonly host: string
  readonly path: string
  readonly tag?: string
  readonly digest?: Digest
}

export type ReferenceProblem = {
  readonly code: 'reference.malformed' | 'reference.digest-unsupported'
  readonly found: string
}

/** The names of Docker Hub: all of them are `docker.io`. */
const hub = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'])
export const isDockerHub = (host: string): boolean => hub.has(host)
const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const hostPattern = new RegExp(`^(?:${label}(?:\\.${label})*\\.?|\\[[0-9a-fA-F:.]+\\])(?::([0-9]{1,5}))?$`)
const segmentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

/**
 * Reads an image reference in the grammar of distribution/reference, with Docker's familiar names normalised.
 * `host[:port]` is told from a path by a dot, a colon, `localhost` or brackets in the first segment (F-062).
 */
export function parseReference(text: string): ReferenceParts | ReferenceProblem {
  const bad = (code: ReferenceProblem['code'] = 'reference.malformed'): ReferenceProblem => ({
    code,
    found: text.slice(0, 256),
  })
  if (text.length > 512) return bad()
  const at = text.indexOf('@')
  const digest = at < 0 ? undefined : text.slice(at + 1)
  if (digest !== undefined && !isDigest(digest))
    return bad(isForeignDigest(digest) ? 'reference.digest-unsupported' : undefined) // T89
  const named = at < 0 ? text : text.slice(0, at)
  const slash = named.indexOf('/')
  const first = slash < 0 ? '' : named.slice(0, slash)
  const hasHost = slash > 0 && (/[.:]/.test(first) || first === 'localhost' || first.startsWith('['))
  const rest = hasHost ? named.slice(slash + 1) : named
  const colon = rest.lastIndexOf(':')
  const tag = colon < 0 ? undefined : rest.slice(colon + 1)
  let path = colon < 0 ? rest : rest.slice(0, colon)
  let host = hasHost ? first.toLowerCase() : 'docker.io'
  const port = hostPattern.exec(host)
  if (port === null || (port[1] !== undefined && (Number(port[1]) < 1 || Number(port[1]) > 65535))) return bad()
  if (isDockerHub(host)) host = 'docker.io'
  if (host === 'docker.io' && !path.includes('/')) path = `library/${path}`
  if (path.length > 255 || !path.split('/').every((segment) => segmentPattern.test(segment))) return bad()
  if (tag !== undefined && !tagPattern.test(tag)) return bad()
  return { host, path, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) }
}

export const isProblem = (parsed: ReferenceParts | ReferenceProblem): parsed is ReferenceProblem => 'code' in parsed

export const nameOf = (parts: Pick<ReferenceParts, 'host' | 'path'>): Name => `${parts.host}/${parts.path}` as Name

/** The canonical text of a reference; without tag and digest it means `:latest`, as everywhere. */
export function formatReference(parts: ReferenceParts): Reference {
  const tag = parts.tag ?? (parts.digest === undefined ? 'latest' : undefined)
  return `${nameOf(parts)}${tag === undefined ? '' : `:${tag}`}${parts.digest === undefined ? '' : `@${parts.digest}`}` as Reference
}

/** Parts of a text that is canonical already; throws on anything else (a bug, not input). */
export function partsOf(reference: Reference | Name): ReferenceParts {
  const parts = parseReference(reference)
  if (isProblem(parts)) throw new Error(`not a canonical reference: ${reference}`)
  return parts
}

/** A name as people write it (`kong/notary`), made canonical; undefined where it is none or carries a tag or digest. */
export function parseName(text: string): Name | undefined {
  const parts = parseReference(text)
  return isProblem(parts) || parts.tag !== undefined || parts.digest !== undefined ? undefined : nameOf(parts)
}
