/** Signatures and attestations as cosign 2 stores them: layers of `.sig` and `.att` manifests. */
import { type Authority, type SignOptions, signatureOf } from './authority.ts'
import { bytesOf, ociDigest } from './bytes.ts'
import type { LogEntry } from './log.ts'
import type { Signed } from './log-bodies.ts'
import { type Artifact, artifact, type Descriptor, descriptor, mediaTypes } from './oci.ts'
import type { Signer } from './signing.ts'
import { later } from './time.ts'

export const cosignAnnotations = {
  signature: 'dev.cosignproject.cosign/signature',
  bundle: 'dev.sigstore.cosign/bundle',
  certificate: 'dev.sigstore.cosign/certificate',
  chain: 'dev.sigstore.cosign/chain',
  timestamp: 'dev.sigstore.cosign/rfc3161timestamp',
} as const

export interface LegacyLayer extends Descriptor {
  annotations: Record<string, string>
}

/** One layer of a signature manifest: what was signed, and the descriptor with its annotations. */
export interface LegacySignature {
  payload: Buffer
  layer: LegacyLayer
  signed: Signed
  signer: Signer
  entry: LogEntry | undefined
  timestamp: Buffer | undefined
}

type Minting = Pick<SignOptions, 'signer' | 'github' | 'signing' | 'at' | 'logV1' | 'timestamp'>

export interface LegacyOptions extends Minting {
  /** Log entry in Rekor 1; default true. */
  log?: boolean
  /** Uses this entry in place of its own. */
  entry?: LogEntry
  /** Annotations on top; `null` takes one away. */
  layerAnnotations?: Readonly<Record<string, string | null>>
}

export interface SimpleSigningOptions extends LegacyOptions {
  /** `sha256:…` of the signed manifest. */
  digest: string
  /** `docker-reference`, as `index.docker.io/kong/kuma-cp`. */
  reference?: string
  /** `critical.type`. */
  type?: string
  /** Signed annotations; default `null`, as cosign writes none. */
  optional?: Readonly<Record<string, unknown>> | null
  /** Signs these bytes in place of the built payload. */
  rawPayload?: string | Uint8Array
}

/** The simple-signing payload (containers/image, docs/containers-signature.5.md) as cosign writes it. */
export function simpleSigningPayload(options: Omit<SimpleSigningOptions, keyof LegacyOptions>): Buffer {
  if (options.rawPayload !== undefined) return bytesOf(options.rawPayload)
  const critical = {
    identity: { 'docker-reference': options.reference ?? 'index.docker.io/kong/kuma-cp' },
    image: { 'docker-manifest-digest': options.digest },
    type: options.type ?? 'cosign container image signature',
  }
  return Buffer.from(JSON.stringify({ critical, optional: options.optional ?? null }))
}

export function simpleSigning(authority: Authority, options: SimpleSigningOptions): LegacySignature {
  const payload = simpleSigningPayload(options)
  const minted = mint(authority, options, { message: payload })
  const signature = signatureOf(minted.signed).toString('base64')
  return layerOf(
    payload,
    'application/vnd.dev.cosign.simplesigning.v1+json',
    { [cosignAnnotations.signature]: signature },
    minted,
    options,
  )
}

export interface LegacyAttestationOptions extends LegacyOptions {
  /** The in-toto statement. */
  statement: object | string | Uint8Array
  predicateType?: string
}

/** A layer of an `.att` manifest: the DSSE envelope. Its timestamp covers the whole envelope, as cosign 2 does. */
export function legacyAttestation(authority: Authority, options: LegacyAttestationOptions): LegacySignature {
  const { timestamp, ...rest } = options
  const minted = mint(authority, { ...rest, timestamp: false }, { payload: options.statement })
  if (minted.signed.type !== 'envelope') throw new Error('an attestation is an envelope')
  const payload = Buffer.from(JSON.stringify(minted.signed.envelope))
  const wish = timestamp === undefined || timestamp === true ? {} : timestamp
  const stamp =
    timestamp === undefined || wish === false
      ? undefined
      : authority.timestamp({ over: payload, at: later(options.at ?? authority.at, 2), ...wish })
  const predicateType = options.predicateType ?? declaredPredicate(options.statement)
  const annotations = { [cosignAnnotations.signature]: '', ...(predicateType === undefined ? {} : { predicateType }) }
  return layerOf(
    payload,
    'application/vnd.dsse.envelope.v1+json',
    annotations,
    { ...minted, timestamp: stamp },
    options,
  )
}

function declaredPredicate(statement: object | string): string | undefined {
  return typeof statement === 'object' && 'predicateType' in statement ? String(statement.predicateType) : undefined
}

type Minted = Pick<LegacySignature, 'signed' | 'signer' | 'entry' | 'timestamp'>

function mint(authority: Authority, options: LegacyOptions, content: Pick<SignOptions, 'message' | 'payload'>): Minted {
  const { log, entry, layerAnnotations, timestamp = false, ...minting } = options
  const wish = { ...minting, ...content, timestamp, log: log === false ? ('none' as const) : ('v1' as const) }
  const { signed, signer, entries, timestamps } = authority.sign(wish)
  return { signed, signer, entry: entry ?? entries[0], timestamp: timestamps[0] }
}

function layerOf(
  payload: Buffer,
  mediaType: string,
  own: Record<string, string>,
  minted: Minted,
  options: LegacyOptions,
): LegacySignature {
  const { signer, entry, timestamp } = minted
  const annotations: Record<string, string> = { ...own }
  if (entry !== undefined) annotations[cosignAnnotations.bundle] = JSON.stringify(rekorBundle(entry))
  if ('der' in signer) {
    annotations[cosignAnnotations.certificate] = signer.pem
    annotations[cosignAnnotations.chain] = `${signer.issuer.pem}${signer.root.pem}`
  }
  if (timestamp !== undefined) {
    annotations[cosignAnnotations.timestamp] = JSON.stringify({ SignedRFC3161Timestamp: timestamp.toString('base64') })
  }
  for (const [name, value] of Object.entries(options.layerAnnotations ?? {})) {
    if (value === null) delete annotations[name]
    else annotations[name] = value
  }
  return { payload, layer: { ...descriptor(mediaType, payload), annotations }, ...minted }
}

export interface RekorBundle {
  SignedEntryTimestamp: string
  Payload: { body: string; integratedTime: number; logIndex: number; logID: string }
}

/** The annotation `dev.sigstore.cosign/bundle` for an entry with a promise. */
export function rekorBundle(entry: LogEntry): RekorBundle {
  return {
    SignedEntryTimestamp: entry.inclusionPromise?.signedEntryTimestamp ?? '',
    Payload: {
      body: entry.canonicalizedBody,
      integratedTime: Number(entry.integratedTime),
      logIndex: Number(entry.logIndex),
      logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
    },
  }
}

/** The manifest of these layers; its config lists the payloads as cosign's does. */
export function signatureManifest(signatures: readonly Pick<LegacySignature, 'payload' | 'layer'>[]): Artifact {
  const nothing = '0001-01-01T00:00:00Z'
  const config = Buffer.from(
    JSON.stringify({
      architecture: '',
      created: nothing,
      history: signatures.map(() => ({ created: nothing })),
      os: '',
      rootfs: { type: 'layers', diff_ids: signatures.map(({ payload }) => ociDigest(payload)) },
      config: {},
    }),
  )
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptor(mediaTypes.config, config),
    layers: signatures.map(({ layer }) => layer),
  }
  return artifact(mediaTypes.manifest, manifest, [config, ...signatures.map(({ payload }) => payload)])
}

/** cosign's tag for a digest: `sha256-<hex>.sig`, `.att`, `.sbom`. */
export function cosignTag(digest: string, suffix: 'sig' | 'att' | 'sbom' = 'sig'): string {
  return `${digest.replace(':', '-')}.${suffix}`
}
