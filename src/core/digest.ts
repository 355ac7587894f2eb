import { createHash } from 'node:crypto'

/** `sha256:` + 64 lower-case hex: a manifest's or blob's digest. */
export type Digest = string & { readonly __brand: 'Digest' }
/** Digest of an image's config document ("image id"); never asked as a manifest (T101). */
export type ConfigDigest = string & { readonly __brand: 'ConfigDigest' }

const pattern = /^sha256:[0-9a-f]{64}$/

/** T41: a digest is this and nothing else, so it may name a file. */
export const isDigest = (text: string): text is Digest => pattern.test(text)

/** A digest in a family that we do not speak (T89): known by shape, never dropped in favour of the tag. */
export const isForeignDigest = (text: string): boolean =>
  !isDigest(text) && /^(sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/.test(text)

export const hexOf = (digest: Digest): string => digest.slice('sha256:'.length)

export const digestOf = (bytes: Uint8Array | string): Digest =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest

/** What a shell measures of a file: the core takes an artifact as digests, never as bytes. */
export type ArtifactDigests = { readonly sha256: Digest; readonly sha384?: string; readonly sha512?: string }
