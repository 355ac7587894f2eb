import { createPublicKey, type KeyObject } from 'node:crypto'

const curves: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1']

/**
 * T25: the public keys that may sign: P-256, P-384, P-521, Ed25519, RSA of 2048 to 8192 bits, wherever they come from
 * (a policy, a root, a certificate). Undefined where the key is one of them, else what it is.
 */
export function foreignKey({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string | undefined {
  const { namedCurve = 'of no name', modulusLength = 0 } = details ?? {}
  if (type === 'ed25519') return undefined
  if (type === 'ec') return curves.includes(namedCurve) ? undefined : `curve ${namedCurve}`
  if (type === 'rsa') return modulusLength >= 2048 && modulusLength <= 8192 ? undefined : `RSA of ${modulusLength} bits`
  return `a key of type ${type}`
}

/** A public key, PEM or DER SubjectPublicKeyInfo, or what is wrong with it. One value is one key (T93). */
export function readPublicKey(bytes: Uint8Array): KeyObject | string {
  const text = Buffer.from(bytes).toString('latin1')
  const blocks = text.match(/-----BEGIN ([A-Z ]+)-----/g) ?? []
  if (blocks.length > 1) return 'two keys in one value'
  if (blocks.some((block) => block.includes('PRIVATE'))) return 'this is a private key: keep it away from here'
  try {
    const key =
      blocks.length === 1
        ? createPublicKey(text)
        : createPublicKey({ key: Buffer.from(bytes), format: 'der', type: 'spki' })
    const foreign = foreignKey(key)
    return foreign === undefined
      ? key
      : `${foreign} is not allowed: P-256, P-384, P-521, Ed25519 or RSA of 2048 to 8192 bits`
  } catch {
    return 'not a public key'
  }
}
