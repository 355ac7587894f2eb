import type { Json } from '../core/json.ts'

/** PostgreSQL's text holds no U+0000, and its jsonb no lone surrogate either; strangers write both into JSON. */
export const toText = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd')

/** A value for `jsonb`. */
export const toJsonb = (value: unknown): string => JSON.stringify(clean(value as Json))

function clean(value: Json | undefined): Json | undefined {
  if (typeof value === 'string') return toText(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one) => clean(one as Json) ?? null)
  return Object.fromEntries(
    Object.entries(value as { readonly [key: string]: Json }).map(([key, one]) => [toText(key), clean(one)]),
  )
}
