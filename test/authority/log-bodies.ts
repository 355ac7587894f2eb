/** Canonical bodies of log entries, member for member as Rekor 1 and rekor-tiles write them. */
import { digest, type Hash, sha256 } from './bytes.ts'
import { keyDetails } from './keys.ts'
import { type SignedEnvelope, type SignedMessage, type Signer, signerKey } from './signing.ts'

export type Signed = SignedMessage | SignedEnvelope
export type Kind = 'hashedrekord' | 'dsse' | 'intoto'

export interface Body {
  apiVersion: string
  kind: string
  spec: Record<string, unknown>
}

export interface BodyOptions {
  kind?: Kind
  version?: string
  /** Whose certificate or key the entry names; default: the signer's own. */
  verifier?: Signer
  /** The envelope's bytes as sent to the log; default: its JSON. */
  envelopeBytes?: Uint8Array
}

const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64')
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const hashed = (value: Uint8Array, algorithm = 'sha256') => ({ algorithm, value: hex(value) })

/** The digest that was signed: of the message, or of the envelope's PAE. */
function signedDigest(signed: Signed): { hash: Hash; digest: Buffer; signature: Buffer } {
  if (signed.type === 'message') return signed
  const [signature] = signed.envelope.signatures
  return {
    hash: signed.hash,
    digest: digest(signed.hash, signed.pae),
    signature: Buffer.from(signature?.sig ?? '', 'base64'),
  }
}

function verifiers(signed: Signed, options: BodyOptions): Signer[] {
  const own = signed.type === 'message' ? [signed.signer] : signed.signers
  return own.map((one) => options.verifier ?? one)
}

function needEnvelope(signed: Signed, kind: string): SignedEnvelope {
  if (signed.type !== 'envelope') throw new Error(`an entry of kind ${kind} needs an envelope`)
  return signed
}

/** Rekor 1: hashedrekord 0.0.1, dsse 0.0.1, intoto 0.0.1 and 0.0.2. */
export function bodyV1(signed: Signed, options: BodyOptions = {}): Body {
  const kind = options.kind ?? (signed.type === 'message' ? 'hashedrekord' : 'dsse')
  const version = options.version ?? (kind === 'intoto' ? '0.0.2' : '0.0.1')
  return { apiVersion: version, kind, spec: specV1(signed, kind, version, options) }
}

function specV1(signed: Signed, kind: Kind, version: string, options: BodyOptions): Record<string, unknown> {
  const keys = verifiers(signed, options).map((signer) => base64(signer.pem))
  if (kind === 'hashedrekord') {
    const { hash, digest: value, signature } = signedDigest(signed)
    return {
      data: { hash: hashed(value, hash) },
      signature: { content: base64(signature), publicKey: { content: keys[0] } },
    }
  }
  const { envelope, payload } = needEnvelope(signed, kind)
  const hash = hashed(sha256(options.envelopeBytes ?? Buffer.from(JSON.stringify(envelope))))
  const payloadHash = hashed(sha256(payload))
  if (kind === 'dsse') {
    const signatures = envelope.signatures.map(({ sig }, index) => ({ signature: sig, verifier: keys[index] }))
    return { envelopeHash: hash, payloadHash, signatures }
  }
  if (version === '0.0.1') return { content: { hash, payloadHash }, publicKey: keys[0] }
  const signatures = envelope.signatures.map(({ sig, keyid }, index) => ({
    ...(keyid === undefined ? {} : { keyid }),
    publicKey: keys[index],
    sig: base64(sig),
  }))
  return { content: { envelope: { payloadType: envelope.payloadType, signatures }, hash, payloadHash } }
}

/** rekor-tiles: hashedrekord 0.0.2 (over the message or the PAE, rekor-v2 spec 6.1.4) and dsse 0.0.2. */
export function bodyV2(signed: Signed, options: BodyOptions = {}): Body {
  const kind = options.kind ?? 'hashedrekord'
  const version = options.version ?? '0.0.2'
  const keys = verifiers(signed, options).map(verifierV2)
  if (kind === 'hashedrekord') {
    const { hash, digest: value, signature } = signedDigest(signed)
    const data = { algorithm: protobufHash(hash), digest: base64(value) }
    const spec = { hashedRekordV002: { data, signature: { content: base64(signature), verifier: keys[0] } } }
    return { apiVersion: version, kind, spec }
  }
  const { envelope, payload } = needEnvelope(signed, kind)
  const payloadHash = { algorithm: 'SHA2_256', digest: base64(sha256(payload)) }
  const signatures = envelope.signatures.map(({ sig }, index) => ({ content: sig, verifier: keys[index] }))
  return { apiVersion: version, kind, spec: { dsseV002: { payloadHash, signatures } } }
}

function verifierV2(signer: Signer): Record<string, unknown> {
  const details = keyDetails(signerKey(signer))
  return 'der' in signer
    ? { keyDetails: details, x509Certificate: { rawBytes: base64(signer.der) } }
    : { keyDetails: details, publicKey: { rawBytes: base64(signer.spki) } }
}

/** `SHA2_256` …: the name in protobuf-specs `HashAlgorithm`. */
export function protobufHash(hash: Hash): string {
  return `SHA2_${hash.slice(3)}`
}
