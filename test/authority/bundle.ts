/** Sigstore bundles as plain objects (protobuf-specs `Bundle`, JSON form). */
import { sha256 } from './bytes.ts'
import type { LogEntry } from './log.ts'
import type { Signed } from './log-bodies.ts'
import { protobufHash } from './log-bodies.ts'
import { type Envelope, type Signer, signerKey } from './signing.ts'

export type BundleVersion = '0.1' | '0.2' | '0.3'

export interface VerificationMaterialJson {
  certificate?: { rawBytes: string }
  x509CertificateChain?: { certificates: { rawBytes: string }[] }
  publicKey?: { hint: string }
  tlogEntries: LogEntry[]
  timestampVerificationData?: { rfc3161Timestamps: { signedTimestamp: string }[] }
}

export interface BundleJson {
  mediaType: string
  verificationMaterial: VerificationMaterialJson
  messageSignature?: { messageDigest?: { algorithm: string; digest: string }; signature: string }
  dsseEnvelope?: Envelope
}

export const bundleMediaTypes: Record<BundleVersion, string> = {
  '0.1': 'application/vnd.dev.sigstore.bundle+json;version=0.1',
  '0.2': 'application/vnd.dev.sigstore.bundle+json;version=0.2',
  '0.3': 'application/vnd.dev.sigstore.bundle.v0.3+json',
}

export interface BundleOptions {
  version?: BundleVersion
  mediaType?: string
  /** Whose certificate (or key, by hint) stands in it; default: the signer's. */
  signer?: Signer
  /** How it stands there; default: `certificate` in 0.3, a chain of one before, a hint for a bare key. */
  material?: 'certificate' | 'chain' | 'chain-intermediate' | 'chain-root' | 'key'
  /** Default: SHA-256 of the key, base64. */
  hint?: string
  entries?: readonly LogEntry[]
  timestamps?: readonly Uint8Array[]
}

const raw = (der: Uint8Array) => ({ rawBytes: Buffer.from(der).toString('base64') })

export function bundle(signed: Signed, options: BundleOptions = {}): BundleJson {
  const version = options.version ?? '0.3'
  const own = signed.type === 'message' ? signed.signer : signed.signers[0]
  const signer = options.signer ?? own
  if (signer === undefined) throw new Error('nobody signed')
  const stamps = (options.timestamps ?? []).map((one) => ({ signedTimestamp: Buffer.from(one).toString('base64') }))
  return {
    mediaType: options.mediaType ?? bundleMediaTypes[version],
    verificationMaterial: {
      ...identity(signer, version, options),
      tlogEntries: structuredClone([...(options.entries ?? [])]),
      ...(stamps.length === 0 ? {} : { timestampVerificationData: { rfc3161Timestamps: stamps } }),
    },
    ...content(signed),
  }
}

function identity(signer: Signer, version: BundleVersion, options: BundleOptions): Partial<VerificationMaterialJson> {
  if (!('der' in signer) || options.material === 'key') {
    return { publicKey: { hint: options.hint ?? keyHint(signer) } }
  }
  const chains = {
    chain: [signer.der],
    'chain-intermediate': [signer.der, signer.issuer.der],
    'chain-root': [signer.der, signer.issuer.der, signer.root.der],
  }
  const material = options.material ?? (version === '0.3' ? 'certificate' : 'chain')
  return material === 'certificate'
    ? { certificate: raw(signer.der) }
    : { x509CertificateChain: { certificates: chains[material].map(raw) } }
}

/** The hint under which `bundle` names a bare key. */
export function keyHint(signer: Signer): string {
  return sha256(signerKey(signer).spki).toString('base64')
}

function content(signed: Signed): Pick<BundleJson, 'messageSignature' | 'dsseEnvelope'> {
  if (signed.type === 'envelope') return { dsseEnvelope: structuredClone(signed.envelope) }
  return {
    messageSignature: {
      messageDigest: { algorithm: protobufHash(signed.hash), digest: signed.digest.toString('base64') },
      signature: signed.signature.toString('base64'),
    },
  }
}
