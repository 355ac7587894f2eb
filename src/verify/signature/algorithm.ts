import { constants, createHash, type KeyObject, publicDecrypt, verify as verifyNative } from 'node:crypto'
import { verifyEcdsaDigest } from './ecdsa-digest.ts'

export type Hash = 'sha256' | 'sha384' | 'sha512'

const curveHash: Readonly<Record<string, Hash>> = { prime256v1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' }

/** The hash that goes with a key where nothing else says so (L14). */
export const hashOf = (key: KeyObject): Hash => curveHash[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'sha256'

export const isEd25519 = (key: KeyObject): boolean => key.asymmetricKeyType === 'ed25519'

/** Checks a signature over bytes. Anything odd about the signature is false, never a throw. */
export function verifyBytes(key: KeyObject, hash: Hash, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verifyNative(isEd25519(key) ? null : hash, bytes, key, signature)
  } catch {
    return false
  }
}

const coordinateBytes: Readonly<Record<string, number>> = { prime256v1: 32, secp384r1: 48, secp521r1: 66 }

/** An ECDSA signature in IEEE P1363 form (r and s side by side, each as long as the curve's field) in DER; undefined: it is none. */
export function sideBySide(key: KeyObject, signature: Buffer): Buffer | undefined {
  const size = coordinateBytes[key.asymmetricKeyDetails?.namedCurve ?? '']
  if (size === undefined || signature.length !== 2 * size) return undefined
  const numbers = Buffer.concat([signature.subarray(0, size), signature.subarray(size)].map(derInteger))
  return Buffer.concat([Buffer.of(0x30, ...(numbers.length > 127 ? [0x81] : []), numbers.length), numbers])
}

function derInteger(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = bytes.subarray(first < 0 ? bytes.length - 1 : first)
  const padded = (digits[0] ?? 0) > 127 ? Buffer.concat([Buffer.of(0), digits]) : digits
  return Buffer.concat([Buffer.of(2, padded.length), padded])
}

/**
 * Checks a signature when only the digest is at hand (L15): ECDSA by a shifted key; RSA PKCS #1 v1.5 by its DigestInfo (RFC 8017 section 9.2). Pure Ed25519 needs the bytes: undefined.
 */
export function verifyDigest(
  key: KeyObject,
  hash: Hash,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean | undefined {
  try {
    if (isEd25519(key)) return undefined
    if (key.asymmetricKeyType === 'rsa') {
      const opened = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature)
      return opened.equals(Buffer.concat([digestInfo[hash], digest]))
    }
    return verifyEcdsaDigest(key, digest, signature)
  } catch {
    return false
  }
}

const digestInfo: Readonly<Record<Hash, Buffer>> = {
  sha256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  sha384: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  sha512: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
}

export const digestBytes = (hash: Hash, bytes: Uint8Array): Buffer => createHash(hash).update(bytes).digest()

export const hashBySize = (size: number): Hash | undefined =>
  size === 32 ? 'sha256' : size === 48 ? 'sha384' : size === 64 ? 'sha512' : undefined
