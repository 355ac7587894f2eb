import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { bundleToJSON, type SerializedBundle } from '@sigstore/bundle'
import { DSSEBundleBuilder, type Signature, type Signer } from '@sigstore/sign'
import { digestOf } from '../core/digest.ts'
import { foreignKey } from '../core/keys.ts'
import { hashOf, isEd25519 } from '../verify/signature/algorithm.ts'
import { type Statement, statementPayload } from '../verify/statement/in-toto.ts'

/** A private key of the verifier's own, as a signer of the sigstore packages: Fulcio's can stand in its place. */
export class KeySigner implements Signer {
  readonly publicKey: KeyObject
  private readonly key: KeyObject

  constructor(key: KeyObject) {
    this.key = key
    this.publicKey = createPublicKey(key)
  }

  sign(data: Buffer): Promise<Signature> {
    const spki = this.publicKey.export({ format: 'der', type: 'spki' })
    const hint = Buffer.from(digestOf(spki).slice('sha256:'.length), 'hex').toString('base64')
    const publicKey = this.publicKey.export({ format: 'pem', type: 'spki' }).toString()
    const signature = sign(isEd25519(this.publicKey) ? null : hashOf(this.publicKey), data, this.key)
    return Promise.resolve({ signature, key: { $case: 'publicKey', hint, publicKey } })
  }
}

export type KeyProblem = 'not-a-key' | 'cosign' | 'locked' | 'wrong-passphrase' | { readonly foreign: string }

/** PEM of a private key (PKCS #8, SEC 1, PKCS #1); nothing of it, and no message of OpenSSL's, is in what is wrong with it. */
export function readSigningKey(
  pem: string,
  passphrase: string | undefined,
): KeySigner | { readonly problem: KeyProblem } {
  if (/-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----/.test(pem)) return { problem: 'cosign' }
  const locked = /ENCRYPTED/.test(pem)
  if (locked && passphrase === undefined) return { problem: 'locked' }
  try {
    const key = createPrivateKey({ key: pem, format: 'pem', ...(locked && { passphrase }) })
    const foreign = foreignKey(key)
    return foreign === undefined ? new KeySigner(key) : { problem: { foreign } }
  } catch {
    return { problem: locked ? 'wrong-passphrase' : 'not-a-key' }
  }
}

/** A Sigstore bundle around the statement, signed; no witness sees it: a log and a timestamp come with keyless signing. */
export async function signStatement(statement: Statement, signer: Signer): Promise<SerializedBundle> {
  const data = Buffer.from(JSON.stringify(statement), 'utf8')
  const bundle = await new DSSEBundleBuilder({ signer, witnesses: [] }).create({ data, type: statementPayload })
  // cosign 3 passes over a signature whose envelope names its key otherwise than it does itself (measured): a name that nobody signs.
  if (bundle.content.$case === 'dsseEnvelope')
    for (const signature of bundle.content.dsseEnvelope.signatures) signature.keyid = ''
  return bundleToJSON(bundle)
}
