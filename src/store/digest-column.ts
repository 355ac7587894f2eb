import type { Digest } from '../core/digest.ts'
import { hexOf } from '../core/digest.ts'

/** A digest as the database keeps it: 32 bytes. */
export const toColumn = (digest: Digest): Buffer => Buffer.from(hexOf(digest), 'hex')
export const fromColumn = (bytes: Uint8Array): Digest => `sha256:${Buffer.from(bytes).toString('hex')}` as Digest
