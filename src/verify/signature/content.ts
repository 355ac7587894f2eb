import type { KeyObject } from 'node:crypto'
import { dsse } from '@sigstore/core'
import type { SignedEntity } from '@sigstore/verify'
import type { ArtifactDigests } from '../../core/digest.ts'
import { digestBytes, type Hash, hashBySize, verifyBytes, verifyDigest } from './algorithm.ts'
import type { Content } from './candidate.ts'

type SignatureContent = SignedEntity['signature']

/** The digests of the artifact, as bytes by hash: all that the core knows of it. */
export type ArtifactHashes = { readonly [H in Hash]?: Buffer }

export function hashesOf(digests: ArtifactDigests): ArtifactHashes {
  const bytes = (text: string | undefined) =>
    text === undefined ? undefined : Buffer.from(text.slice(text.indexOf(':') + 1), 'hex')
  const { sha384, sha512 } = { sha384: bytes(digests.sha384), sha512: bytes(digests.sha512) }
  return { sha256: Buffer.from(digests.sha256.slice(7), 'hex'), ...(sha384 && { sha384 }), ...(sha512 && { sha512 }) }
}

/** What was signed, as the library wants to see it, but over digests, and with the hash of the key (L14, L15). */
export interface CheckedContent extends SignatureContent {
  /** Checks the signature with a hash; undefined: the bytes of the artifact would be needed. */
  check(key: KeyObject, hash: Hash): boolean | undefined
  /** Whether a digest of this hash can be compared at all. */
  knows(hash: Hash): boolean
}

const equal = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && a.length === b.length && Buffer.compare(a, b) === 0

export function contentFor(content: Content, artifact: ArtifactHashes): CheckedContent {
  switch (content.kind) {
    case 'message':
      return {
        signature: content.signature,
        compareSignature: (other) => equal(content.signature, other),
        compareDigest: (other) => matches(artifact, other),
        compareSignedDigest: (other) => matches(artifact, other),
        check: (key, hash) => {
          const digest = artifact[hash]
          return digest === undefined ? undefined : verifyDigest(key, hash, digest, content.signature)
        },
        knows: (hash) => artifact[hash] !== undefined,
        verifySignature: () => false,
      }
    case 'dsse':
      return overBytes(content.signature, dsse.preAuthEncoding(content.payloadType, content.payload), content.payload)
    case 'simple-signing':
      return overBytes(content.signature, content.payload, content.payload)
  }
}

const matches = (artifact: ArtifactHashes, digest: Buffer): boolean => {
  const hash = hashBySize(digest.length)
  return hash !== undefined && equal(artifact[hash], digest)
}

/** `signed` = the bytes under the signature; `payload` = those whose digest a DSSE log entry names. */
function overBytes(signature: Buffer, signed: Buffer, payload: Buffer): CheckedContent {
  const compare = (bytes: Buffer) => (digest: Buffer) => {
    const hash = hashBySize(digest.length)
    return hash !== undefined && equal(digestBytes(hash, bytes), digest)
  }
  return {
    signature,
    compareSignature: (other) => equal(signature, other),
    compareDigest: compare(payload),
    compareSignedDigest: compare(signed),
    check: (key, hash) => verifyBytes(key, hash, signed, signature),
    knows: () => true,
    verifySignature: () => false,
  }
}
