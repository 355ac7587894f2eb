import { createHash } from 'node:crypto'
import type { Digest } from './digest.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/**
 * RFC 8785 (JSON Canonicalization Scheme), for documents of ours that are hashed. Refuses what has no one form:
 * numbers that are no safe integers (64-bit numbers are strings) and lone surrogates. Keys with `undefined` are left out.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('lone surrogate in canonical JSON')
    return JSON.stringify(value)
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError('only safe integers are canonical here')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const object = value as { readonly [key: string]: Json | undefined }
  const parts: string[] = []
  for (const key of Object.keys(object).sort(byCodeUnits)) {
    const member = object[key]
    if (member !== undefined) parts.push(`${canonicalJson(key)}:${canonicalJson(member)}`)
  }
  return `{${parts.join(',')}}`
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export type Sealed = { readonly bytes: Uint8Array; readonly digest: Digest }

/** Canonical bytes of a document and the digest that names it. */
export function seal(document: Json): Sealed {
  const bytes = Buffer.from(canonicalJson(document), 'utf8')
  return { bytes, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest }
}

/** Decodes UTF-8 fatally (T24: a lenient decoder turns bytes into U+FFFD) and without eating a byte order mark. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

export type ParsedJson =
  | { readonly value: unknown; readonly duplicateKey?: string }
  | { readonly problem: 'not-utf8' | 'not-json' | 'too-deep' }

/**
 * Reads JSON of strangers: depth is limited, and a key that stands twice in one object, or twice when case is
 * folded (T35: Go's decoder would take the other one), is named. `__proto__` is an own key, never a prototype (T79).
 */
export function parseJson(bytes: Uint8Array | string, maxDepth: number): ParsedJson {
  const text = typeof bytes === 'string' ? bytes : decodeUtf8(bytes)
  if (text === undefined) return { problem: 'not-utf8' }
  const shape = scan(text, maxDepth)
  if (shape === 'too-deep') return { problem: 'too-deep' }
  try {
    const value: unknown = JSON.parse(text)
    return shape.duplicateKey === undefined ? { value } : { value, duplicateKey: shape.duplicateKey }
  } catch {
    return { problem: 'not-json' }
  }
}

/** One pass over the text: nesting, and keys of each object. Says nothing of validity: JSON.parse does. */
function scan(text: string, maxDepth: number): { duplicateKey?: string } | 'too-deep' {
  const keys: (Set<string> | null)[] = []
  let duplicate: string | undefined
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) {
      const end = endOfString(text, i)
      const open = keys[keys.length - 1]
      if (open && isKey(text, end)) {
        const raw = text.slice(i + 1, end - 1)
        const key = folded(raw.includes('\\') ? unescapeKey(raw) : raw)
        if (open.has(key)) duplicate ??= key
        open.add(key)
      }
      i = end - 1
    } else if (c === 0x7b || c === 0x5b) {
      keys.push(c === 0x7b ? new Set() : null)
      if (keys.length > maxDepth) return 'too-deep'
    } else if (c === 0x7d || c === 0x5d) keys.pop()
  }
  return duplicate === undefined ? {} : { duplicateKey: duplicate }
}

/** As Go's decoder compares keys: the long s and the Kelvin sign are letters of ASCII to it. */
export const folded = (key: string): string => key.toUpperCase().toLowerCase()

/** The same value with U+FFFD for every lone surrogate: what strangers wrote and we cut has a canonical form again. */
export function wellFormed<T extends Json | undefined>(value: T): T
export function wellFormed(value: Json | undefined): Json | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed()
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one: Json) => wellFormed(one))
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key.toWellFormed(), wellFormed(one)]))
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++
    if (slashes % 2 === 0) return end + 1
  }
  return text.length
}

function isKey(text: string, from: number): boolean {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x3a) return true
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return false
  }
  return false
}

function unescapeKey(raw: string): string {
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch {
    return raw
  }
}
