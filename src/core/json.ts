import { createHash } from 'node:crypto'
import type { Digest } from './digest.ts'
import { limits } from './limits.ts'

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
  | { readonly problem: 'not-utf8' | 'not-json' | 'too-deep' | 'too-many-parts' | 'too-long' | 'inexact-number' }

/** `parts`: values and keys of the whole document. `text`: characters of one string. */
export type JsonBounds = { readonly parts: number; readonly text: number }
const usual: JsonBounds = { parts: limits.jsonParts, text: Number.POSITIVE_INFINITY }

/**
 * Reads JSON of strangers (T54): depth and parts are counted before anything is built, a number that would not keep its value
 * is refused, and a key that stands twice in one object, or twice when case is folded (T35: Go's decoder would take the other
 * one), is named. `__proto__` is an own key, never a prototype (T79).
 */
export function parseJson(bytes: Uint8Array | string, maxDepth: number, bounds: Partial<JsonBounds> = {}): ParsedJson {
  const text = typeof bytes === 'string' ? bytes : decodeUtf8(bytes)
  if (text === undefined) return { problem: 'not-utf8' }
  const shape = scan(text, maxDepth, { ...usual, ...bounds })
  if ('problem' in shape) return shape
  try {
    const value: unknown = JSON.parse(text)
    return shape.duplicateKey === undefined ? { value } : { value, duplicateKey: shape.duplicateKey }
  } catch {
    return { problem: 'not-json' }
  }
}

const known = new WeakMap<Uint8Array, { readonly maxDepth: number; readonly parsed: ParsedJson }>()

/** The same for a document that several look at, each for what is theirs: it is read by the first of them. */
export function parseOnce(bytes: Uint8Array, maxDepth: number): ParsedJson {
  const before = known.get(bytes)
  if (before?.maxDepth === maxDepth) return before.parsed
  const parsed = parseJson(bytes, maxDepth)
  known.set(bytes, { maxDepth, parsed })
  return parsed
}

type Shape = { readonly duplicateKey?: string } | Extract<ParsedJson, { problem: unknown }>

/** One pass over the text: nesting, sizes, and keys of each object. Says nothing of validity: JSON.parse does. */
function scan(text: string, maxDepth: number, bounds: JsonBounds): Shape {
  const keys: (Set<string> | null)[] = []
  let duplicate: string | undefined
  let parts = 1
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) {
      const end = endOfString(text, i)
      if (end - i - 2 > bounds.text) return { problem: 'too-long' }
      const open = keys[keys.length - 1]
      if (open && isKey(text, end)) {
        const raw = text.slice(i + 1, end - 1)
        const key = folded(raw.includes('\\') ? unescapeKey(raw) : raw)
        if (open.has(key)) duplicate ??= key
        open.add(key)
      }
      i = end - 1
    } else if (c === 0x2c || c === 0x3a) {
      if (++parts > bounds.parts) return { problem: 'too-many-parts' }
    } else if (c === 0x7b || c === 0x5b) {
      keys.push(c === 0x7b ? new Set() : null)
      if (keys.length > maxDepth) return { problem: 'too-deep' }
      if (++parts > bounds.parts) return { problem: 'too-many-parts' }
    } else if (c === 0x7d || c === 0x5d) keys.pop()
    else if (c >= 0x30 && c <= 0x39) {
      const end = endOfNumber(text, i)
      if (!isExact(text.slice(i, end))) return { problem: 'inexact-number' }
      i = end - 1
    }
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

function endOfNumber(text: string, start: number): number {
  let end = start + 1
  for (; end < text.length; end++) {
    const c = text.charCodeAt(end)
    if (!((c >= 0x30 && c <= 0x39) || c === 0x2e || c === 0x65 || c === 0x45 || c === 0x2b || c === 0x2d)) break
  }
  return end
}

/** An integer beyond 2^53, or a number beyond all, would be read as another one. */
const isExact = (number: string): boolean =>
  number.length < 16 && !/e/i.test(number)
    ? true
    : /^\d+$/.test(number)
      ? Number.isSafeInteger(Number(number))
      : Number.isFinite(Number(number))

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
