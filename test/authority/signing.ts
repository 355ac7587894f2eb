/** Signatures over messages and DSSE envelopes, before any log has seen them. */
import { bytesOf, digest, type Hash } from './bytes.ts'
import { type Key, signBytes } from './keys.ts'
import type { Issued } from './leaf.ts'

/** Who signs: a certificate with its key, or a bare key. */
export type Signer = Issued | Key

export const signerKey = (signer: Signer): Key => ('der' in signer ? signer.key : signer)

export interface SignedMessage {
  type: 'message'
  bytes: Buffer
  hash: Hash
  /** Hash of the bytes. */
  digest: Buffer
  signature: Buffer
  signer: Signer
}

export interface MessageOptions {
  /** Hash of the digest that bundle and log name; default SHA-256. */
  hash?: Hash
  /** Hash in the signature; default: the same (Ed25519: none). */
  signatureHash?: Hash
  /** Used in place of the real signature. */
  signature?: Uint8Array
}

export function signMessage(signer: Signer, content: string | Uint8Array, options: MessageOptions = {}): SignedMessage {
  const bytes = bytesOf(content)
  const hash = options.hash ?? 'sha256'
  const signature = options.signature ?? signBytes(signerKey(signer), bytes, options.signatureHash ?? hash)
  return { type: 'message', bytes, hash, digest: digest(hash, bytes), signature: Buffer.from(signature), signer }
}

export interface EnvelopeSignature {
  sig: string
  keyid?: string
}

/** DSSE envelope (secure-systems-lab/dsse): base64 fields. */
export interface Envelope {
  payload: string
  payloadType: string
  signatures: EnvelopeSignature[]
}

export interface SignedEnvelope {
  type: 'envelope'
  envelope: Envelope
  payload: Buffer
  /** What the signatures cover. */
  pae: Buffer
  /** Hash in the signatures (Ed25519: none). */
  hash: Hash
  signers: Signer[]
}

export interface EnvelopeOptions {
  /** Default `application/vnd.in-toto+json`. */
  payloadType?: string
  hash?: Hash
  keyid?: string
  /** More signatures of the same payload, after the first. */
  more?: readonly Signer[]
  /** Signs this in place of the pre-authentication encoding. */
  pae?: Uint8Array
}

/** DSSE pre-authentication encoding. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType, 'utf8')
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload])
}

/** An object as payload becomes its JSON. The signature's hash defaults to SHA-256 for every EC key, as the library checks. */
export function signEnvelope(
  signer: Signer,
  content: string | Uint8Array | object,
  options: EnvelopeOptions = {},
): SignedEnvelope {
  const payload =
    typeof content === 'string' || content instanceof Uint8Array ? bytesOf(content) : bytesOf(JSON.stringify(content))
  const payloadType = options.payloadType ?? 'application/vnd.in-toto+json'
  const pae = Buffer.from(options.pae ?? preAuthEncoding(payloadType, payload))
  const signers = [signer, ...(options.more ?? [])]
  const hash = options.hash ?? 'sha256'
  const signatures = signers.map((one) => ({
    sig: signBytes(signerKey(one), pae, hash).toString('base64'),
    ...(options.keyid === undefined ? {} : { keyid: options.keyid }),
  }))
  return {
    type: 'envelope',
    envelope: { payload: payload.toString('base64'), payloadType, signatures },
    payload,
    pae,
    hash,
    signers,
  }
}
