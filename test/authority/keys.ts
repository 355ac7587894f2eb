import { createPublicKey, sign as cryptoSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { digest, type Hash, pem } from './bytes.ts'
import { children, nothing, oid, sequence } from './der.ts'

export type KeyAlgorithm = 'p256' | 'p384' | 'p521' | 'ed25519' | 'rsa2048' | 'rsa3072' | 'rsa4096'

export interface Key {
  algorithm: KeyAlgorithm
  privateKey: KeyObject
  publicKey: KeyObject
  /** SubjectPublicKeyInfo, DER. */
  spki: Buffer
  /** `-----BEGIN PUBLIC KEY-----` … */
  pem: string
}

const curves = { p256: 'P-256', p384: 'P-384', p521: 'P-521' } as const

/** A fresh key pair. EC and Ed25519 cost well under a millisecond, RSA some tens to hundreds. */
export function newKey(algorithm: KeyAlgorithm = 'p256'): Key {
  const privateKey = generate(algorithm)
  const publicKey = createPublicKey(privateKey)
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  return { algorithm, privateKey, publicKey, spki, pem: pem('PUBLIC KEY', spki) }
}

function generate(algorithm: KeyAlgorithm): KeyObject {
  switch (algorithm) {
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey
    case 'rsa2048':
    case 'rsa3072':
    case 'rsa4096':
      return generateKeyPairSync('rsa', { modulusLength: Number(algorithm.slice(3)) }).privateKey
    default:
      return generateKeyPairSync('ec', { namedCurve: curves[algorithm] }).privateKey
  }
}

/** The hash that goes with the key by custom: by curve for EC, SHA-256 for RSA. Ed25519 has its own. */
export function naturalHash(key: Key): Hash {
  if (key.algorithm === 'p384') return 'sha384'
  if (key.algorithm === 'p521') return 'sha512'
  return 'sha256'
}

/** Signs with ECDSA (DER form), PKCS#1 v1.5 or pure Ed25519. */
export function signBytes(key: Key, data: Uint8Array, hash: Hash = naturalHash(key)): Buffer {
  return cryptoSign(key.algorithm === 'ed25519' ? null : hash, data, key.privateKey)
}

const ecdsaOids = { sha256: '1.2.840.10045.4.3.2', sha384: '1.2.840.10045.4.3.3', sha512: '1.2.840.10045.4.3.4' }
const rsaOids = { sha256: '1.2.840.113549.1.1.11', sha384: '1.2.840.113549.1.1.12', sha512: '1.2.840.113549.1.1.13' }

/** AlgorithmIdentifier of a signature by this key, DER. */
export function signatureAlgorithm(key: Key, hash: Hash = naturalHash(key)): Buffer {
  if (key.algorithm === 'ed25519') return sequence(oid('1.3.101.112'))
  if (key.algorithm.startsWith('rsa')) return sequence(oid(rsaOids[hash]), nothing())
  return sequence(oid(ecdsaOids[hash]))
}

/** SHA-1 over the public key's bits: the usual key identifier (RFC 5280, 4.2.1.2 (1)). */
export function keyIdentifier(key: Key): Buffer {
  const [, bitString] = children(key.spki)
  if (bitString === undefined) throw new Error('no key in SubjectPublicKeyInfo')
  return digest('sha1', bitString.content.subarray(1))
}

const details: Record<KeyAlgorithm, string> = {
  p256: 'PKIX_ECDSA_P256_SHA_256',
  p384: 'PKIX_ECDSA_P384_SHA_384',
  p521: 'PKIX_ECDSA_P521_SHA_512',
  ed25519: 'PKIX_ED25519',
  rsa2048: 'PKIX_RSA_PKCS1V15_2048_SHA256',
  rsa3072: 'PKIX_RSA_PKCS1V15_3072_SHA256',
  rsa4096: 'PKIX_RSA_PKCS1V15_4096_SHA256',
}

/** The key's name in protobuf-specs `PublicKeyDetails`. */
export function keyDetails(key: Key): string {
  return details[key.algorithm]
}
