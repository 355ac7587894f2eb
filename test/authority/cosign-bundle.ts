/** Signatures and attestations as cosign 3 stores them: bundles in OCI manifests that refer to the image. */
import type { Authority, SignedBundle, SignOptions } from './authority.ts'
import type { BundleJson } from './bundle.ts'
import { bundleMediaTypes } from './bundle.ts'
import { type Artifact, artifact, type Descriptor, descriptor, mediaTypes } from './oci.ts'
import { later, rfc3339, type Time } from './time.ts'

export const cosignSignPredicate = 'https://sigstore.dev/cosign/sign/v1'

export interface StatementOptions {
  /** `sha256:…` of the signed manifest, or a whole subject list. */
  digest?: string
  subject?: readonly object[]
  /** Signed annotations, in the subject as cosign 3 puts them. */
  annotations?: Readonly<Record<string, string>>
  predicateType?: string
  predicate?: object
  statementType?: string
}

/** An in-toto statement (in-toto/attestation, spec v1) as cosign 3 signs it. */
export function statement(options: StatementOptions): object {
  const [algorithm = '', hex = ''] = (options.digest ?? '').split(':')
  const annotations = options.annotations === undefined ? {} : { annotations: options.annotations }
  return {
    _type: options.statementType ?? 'https://in-toto.io/Statement/v1',
    subject: options.subject ?? [{ digest: { [algorithm]: hex }, ...annotations }],
    predicateType: options.predicateType ?? cosignSignPredicate,
    predicate: options.predicate ?? {},
  }
}

export interface BundleArtifactOptions {
  predicateType?: string
  created?: Time
  content?: 'dsse-envelope' | 'message-signature'
  /** `null` takes an annotation away. */
  annotations?: Readonly<Record<string, string | null>>
  artifactType?: string
  mediaType?: string
}

/** The manifest that carries a bundle and refers to its subject. */
export function bundleArtifact(bundle: BundleJson, subject: Descriptor, options: BundleArtifactOptions = {}): Artifact {
  const bytes = Buffer.from(JSON.stringify(bundle))
  const mediaType = options.mediaType ?? bundleMediaTypes['0.3']
  const artifactType = options.artifactType ?? bundleMediaTypes['0.3']
  const empty = Buffer.from('{}')
  const annotations: Record<string, string> = {
    'dev.sigstore.bundle.content':
      options.content ?? (bundle.dsseEnvelope === undefined ? 'message-signature' : 'dsse-envelope'),
    'dev.sigstore.bundle.predicateType': options.predicateType ?? cosignSignPredicate,
    ...(options.created === undefined ? {} : { 'org.opencontainers.image.created': rfc3339(options.created) }),
  }
  for (const [name, value] of Object.entries(options.annotations ?? {})) {
    if (value === null) delete annotations[name]
    else annotations[name] = value
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { ...descriptor(mediaTypes.empty, empty), artifactType },
    layers: [descriptor(mediaType, bytes)],
    annotations,
    subject: { mediaType: subject.mediaType, size: subject.size, digest: subject.digest },
    artifactType,
  }
  return artifact(mediaTypes.manifest, manifest, [empty, bytes], artifactType)
}

export interface Cosign3Options extends StatementOptions, Omit<SignOptions, 'message' | 'payload'> {
  /** The signed manifest. `digest` in the statement defaults to its digest. */
  of: Descriptor
  /** Signs this in place of the built statement. */
  payload?: object | string | Uint8Array
  artifact?: BundleArtifactOptions
}

export interface Cosign3Signature extends SignedBundle {
  artifact: Artifact
}

/** Statement, DSSE bundle v0.3 and the OCI manifest with `subject`. With another `predicateType` it is an attestation. */
export function cosign3Signature(authority: Authority, options: Cosign3Options): Cosign3Signature {
  const payload = options.payload ?? statement({ ...options, digest: options.digest ?? options.of.digest })
  const minted = authority.sign({ ...options, payload })
  const predicateType = options.predicateType ?? cosignSignPredicate
  const created = later(options.at ?? authority.at, 1)
  return {
    ...minted,
    artifact: bundleArtifact(minted.bundle, options.of, { predicateType, created, ...options.artifact }),
  }
}

/** The referrers' fallback index for registries without the API; its tag is `sha256-<hex>` of the subject. */
export function referrersIndex(artifacts: readonly Artifact[]): Artifact {
  const manifests = artifacts.map((one) => ({
    ...descriptor(one.mediaType, one.bytes),
    ...(one.artifactType === undefined ? {} : { artifactType: one.artifactType }),
  }))
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.index, manifests }
  const whole = artifact(mediaTypes.index, manifest)
  for (const one of artifacts) {
    whole.blobs.set(one.digest, one.bytes)
    for (const [digest, blob] of one.blobs) whole.blobs.set(digest, blob)
  }
  return whole
}
