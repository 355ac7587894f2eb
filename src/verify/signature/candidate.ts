import type { Code } from '../../core/codes.ts'
import type { Digest } from '../../core/digest.ts'

/**
 * One thing that may meet a requirement: a signature or an attestation, whatever form it came in.
 * Readers of the forms (bundle, simple signing, envelope) make these; the check knows no form but where a rule names one.
 */
export type Candidate = {
  /** SHA-256 of the bundle, envelope or JSON element; legacy: of the RFC 8785 form of the layer's descriptor. */
  readonly id: Digest
  readonly form: Form
  readonly content: Content
  readonly holder: Holder
  readonly entries: readonly EntryMaterial[]
  readonly timestamps: readonly Buffer[]
  /** RFC 3161 tokens of `cosign 2 attest` are made over the whole envelope, not the signature (measured). */
  readonly timestamped?: Buffer
  readonly notes: readonly CandidateNote[]
  /** The log was asked about this bare envelope and has no entry: what it lacks is absent, no longer open. */
  readonly logSilent?: true
}

export type Form = 'bundle-v0.1' | 'bundle-v0.2' | 'bundle-v0.3' | 'simple-signing' | 'envelope'

/** L9: only in these forms does a log's promise (SET) stand for the entry. Bundles of v0.2 and later must bring the proof. */
export const promiseSuffices = (form: Form): boolean =>
  form === 'simple-signing' || form === 'bundle-v0.1' || form === 'envelope'

/** T14: the log entry of a bare envelope could still be asked for; until that was done, what stands on it is open. */
export const awaitsLog = ({ form, entries, logSilent }: Candidate): boolean =>
  form === 'envelope' && entries.length === 0 && logSilent !== true

export type Content =
  | {
      readonly kind: 'message'
      readonly signature: Buffer
      readonly digest?: { readonly hash: 'sha256' | 'sha384' | 'sha512'; readonly value: Buffer }
    }
  | { readonly kind: 'dsse'; readonly payloadType: string; readonly payload: Buffer; readonly signature: Buffer }
  | { readonly kind: 'simple-signing'; readonly payload: Buffer; readonly signature: Buffer }

/** Who is said to have signed: a certificate travels along; a key never does, only a hint that nobody believes. */
export type Holder = { readonly certificate: Buffer } | { readonly hint: string } | { readonly nobody: true }

/** A log entry as it came; the check hands it to the library. Numbers are decimal strings as received. */
export type EntryMaterial = {
  readonly logIndex: string
  readonly logId: Buffer
  readonly kind: string
  readonly version: string
  readonly integratedTime: string
  readonly body: Buffer
  readonly promise?: Buffer
  readonly proof?: {
    readonly logIndex: string
    readonly rootHash: Buffer
    readonly treeSize: string
    readonly hashes: readonly Buffer[]
    readonly checkpoint: string
  }
}

export type CandidateNote = { readonly code: Code; readonly found?: string }

/** Something at the place of a candidate that is none: a final `fail`, or an `error` where it could not be read. */
export type Unreadable = {
  readonly id: Digest
  readonly outcome: 'fail' | 'error'
  readonly code: Code
  readonly expected?: string
  readonly found?: string
}

export type Read = Candidate | Unreadable
export const isCandidate = (read: Read): read is Candidate => 'content' in read
