import type { KeyObject } from 'node:crypto'

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
