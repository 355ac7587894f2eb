import { constants, createHash, type KeyObject, publicDecrypt, verify as verifyNative } from 'node:crypto'
import { createRequire } from 'node:module'

export type Hash = 'sha256' | 'sha384' | 'sha512'

const curveHash: Readonly<Record<string, Hash>> = { prime256v1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' }
type Nist = typeof import('@noble/curves/nist.js')
let nist: Nist | undefined

/** Loaded when the first digest is checked: images never need it, and a process pays for each import at its start. */
function curveOf(key: KeyObject): Nist['p256'] | undefined {
  nist ??= createRequire(import.meta.url)('@noble/curves/nist.js') as Nist
  const named: Readonly<Record<string, Nist['p256']>> = {
    prime256v1: nist.p256,
    secp384r1: nist.p384,
    secp521r1: nist.p521,
  }
  return named[key.asymmetricKeyDetails?.namedCurve ?? '']
}

/** T25: P-256, P-384, P-521, Ed25519, RSA of 2048 bits and more; a word for what is not allowed, undefined where it is. */
export function keyProblem(key: KeyObject): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === 'ed25519') return undefined
  if (type === 'ec')
    return details?.namedCurve !== undefined && details.namedCurve in curveHash
      ? undefined
      : `EC ${details?.namedCurve}`
  if (type === 'rsa')
    return (details?.modulusLength ?? 0) >= 2048 && (details?.modulusLength ?? 0) <= 8192
      ? undefined
      : `RSA ${details?.modulusLength}`
  return String(type)
}

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

/**
 * Checks a signature when only the digest is at hand (L15): ECDSA by @noble/curves, since Node cannot;
 * RSA PKCS #1 v1.5 by its DigestInfo (RFC 8017 section 9.2). Pure Ed25519 needs the bytes: undefined.
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
    return (
      curveOf(key)?.verify(signature, digest, pointOf(key), { prehash: false, lowS: false, format: 'der' }) ?? false
    )
  } catch {
    return false
  }
}

const points = new WeakMap<KeyObject, Uint8Array>()

/** The uncompressed point of an EC key. */
function pointOf(key: KeyObject): Uint8Array {
  let point = points.get(key)
  if (point === undefined) {
    const { x = '', y = '' } = key.export({ format: 'jwk' })
    point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
    points.set(key, point)
  }
  return point
}

const digestInfo: Readonly<Record<Hash, Buffer>> = {
  sha256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  sha384: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  sha512: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
}

export const digestBytes = (hash: Hash, bytes: Uint8Array): Buffer => createHash(hash).update(bytes).digest()

export const hashBySize = (size: number): Hash | undefined =>
  size === 32 ? 'sha256' : size === 48 ? 'sha384' : size === 64 ? 'sha512' : undefined
