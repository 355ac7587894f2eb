import { RFC3161Timestamp } from '@sigstore/core'
import { type SignedEntity, type Signer, type TrustMaterial, VerificationError, Verifier } from '@sigstore/verify'
import type { KeptCertificate } from '../certificate/kept-certificate.ts'
import type { EntryMaterial } from './candidate.ts'

/**
 * The one place where the library is called. Its stages are private in its types and ordinary methods at run time; we call
 * them one by one, each with one item (T92), so that an auditor gets every finding and not the first exception.
 * A test holds that the pinned version has them.
 */
type Stages = {
  verifyTimestamps(entity: SignedEntity): Date[]
  verifySigningKey(entity: Pick<SignedEntity, 'key'>, timestamps: readonly Date[]): Signer
  verifyTLogs(entity: Pick<SignedEntity, 'signature' | 'tlogEntries'>): void
  verifySignature(entity: Pick<SignedEntity, 'signature'>, signer: Signer): void
}

/** What the library said: its own error code, or `thrown` for anything that is no error of its own (L12). */
export type StageFailure = { readonly failed: string; readonly message: string }
export type StageResult<T> = { readonly value: T } | StageFailure

const verifiers = new WeakMap<TrustMaterial, Stages>()

/** Counting is ours (L8), so the library is told to demand nothing by number. */
function stagesOf(material: TrustMaterial): Stages {
  let stages = verifiers.get(material)
  if (stages === undefined) {
    stages = new Verifier(material, { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 }) as unknown as Stages
    verifiers.set(material, stages)
  }
  return stages
}

function attempt<T>(stage: () => T): StageResult<T> {
  try {
    return { value: stage() }
  } catch (error) {
    if (error instanceof VerificationError) return { failed: error.code, message: error.message }
    return { failed: 'thrown', message: '' }
  }
}

export type Signature = SignedEntity['signature']

export function verifyTimestamp(
  material: TrustMaterial,
  signature: Signature,
  token: RFC3161Timestamp,
): StageResult<Date | undefined> {
  const entity = {
    signature,
    timestamps: [{ $case: 'timestamp-authority', timestamp: token }],
  } as unknown as SignedEntity
  return attempt(() => stagesOf(material).verifyTimestamps(entity)[0])
}

export function readTimestampToken(der: Buffer): RFC3161Timestamp | undefined {
  const read = attempt(() => {
    const token = RFC3161Timestamp.parse(der as Buffer<ArrayBuffer>)
    // Everything that is read later is read once here: each getter may throw (L12).
    void [token.signingTime.getTime(), token.signerSerialNumber.length, token.signerIssuer.length]
    return token
  })
  return 'value' in read ? read.value : undefined
}

export function verifyChain(
  material: TrustMaterial,
  certificate: KeptCertificate,
  times: readonly Date[],
): StageResult<Signer> {
  return attempt(() => stagesOf(material).verifySigningKey({ key: { $case: 'certificate', certificate } }, times))
}

/** Inclusion first, then the body: a `TLOG_BODY_ERROR` therefore says that inclusion was shown (L16 stands on it). */
export function verifyEntry(material: TrustMaterial, signature: Signature, entry: EntryMaterial): StageResult<void> {
  const tlogEntry = {
    logIndex: entry.logIndex,
    logId: { keyId: entry.logId },
    kindVersion: { kind: entry.kind, version: entry.version },
    integratedTime: entry.integratedTime,
    inclusionPromise: entry.promise === undefined ? undefined : { signedEntryTimestamp: entry.promise },
    inclusionProof:
      entry.proof === undefined
        ? undefined
        : {
            logIndex: entry.proof.logIndex,
            rootHash: entry.proof.rootHash,
            treeSize: entry.proof.treeSize,
            hashes: [...entry.proof.hashes],
            checkpoint: { envelope: entry.proof.checkpoint },
          },
    canonicalizedBody: entry.body,
  }
  return attempt(() => stagesOf(material).verifyTLogs({ signature, tlogEntries: [tlogEntry] }))
}

export function verifySignatureWith(material: TrustMaterial, signature: Signature, signer: Signer): StageResult<void> {
  return attempt(() => stagesOf(material).verifySignature({ signature }, signer))
}
