/** A throw-away private Sigstore, wholly in process: no servers, no clock. Cheap enough to share or to make per test. */
import { type BundleJson, type BundleOptions, bundle } from './bundle.ts'
import { type CaOptions, type CertificateAuthority, createCa } from './ca.ts'
import { type GithubOptions, githubIssueOptions } from './github.ts'
import type { KeyAlgorithm } from './keys.ts'
import { type Issued, type IssueOptions, issueCertificate } from './leaf.ts'
import {
  createLogV1,
  createLogV2,
  type Log,
  type LogEntry,
  type LogV1Options,
  type LogV2Options,
  logV1,
  logV2,
} from './log.ts'
import type { Signed } from './log-bodies.ts'
import { type CtLog, createCtLog } from './sct.ts'
import { type EnvelopeOptions, type MessageOptions, type Signer, signEnvelope, signMessage } from './signing.ts'
import { date, defaultTime, later, type Time } from './time.ts'
import { createTsa, type TimestampOptions, type Tsa, type TsaOptions, timestamp } from './timestamp.ts'
import { type Trusted, type TrustedRootJson, type TrustedRootOptions, trustedRoot } from './trusted-root.ts'

export interface AuthorityOptions {
  /** Default moment of everything that is minted. */
  at?: Time
  /** Root and intermediate; default P-384 as Fulcio's. */
  caAlgorithm?: KeyAlgorithm
  ca?: Omit<CaOptions, 'at'>
  /** How many CT logs. */
  ctLogs?: number
  ctAlgorithm?: KeyAlgorithm
  rekorUrl?: string
  rekorAlgorithm?: KeyAlgorithm
  rekor2Url?: string
  tsa?: TsaOptions
}

export interface SignOptions {
  /** Bytes for a message signature … */
  message?: string | Uint8Array
  /** … or a DSSE payload; an object becomes its JSON. */
  payload?: string | Uint8Array | object
  /** Default: a new GitHub certificate with the options in `github`. */
  signer?: Signer
  github?: GithubOptions
  signing?: MessageOptions & EnvelopeOptions
  /** Moment of the certificate; log and timestamp follow one and two seconds later. */
  at?: Time
  /** Default: one entry in Rekor 1. */
  log?: 'v1' | 'v2' | 'none'
  logV1?: LogV1Options
  logV2?: LogV2Options
  /** Default: only where nothing else tells the time (log `v2` or `none`). */
  timestamp?: boolean | Partial<TimestampOptions>
  bundle?: BundleOptions
}

export interface SignedBundle {
  bundle: BundleJson
  signed: Signed
  signer: Signer
  entries: LogEntry[]
  timestamps: Buffer[]
}

export interface Authority extends Trusted {
  ca: CertificateAuthority
  ctLogs: readonly CtLog[]
  rekor: Log
  rekor2: Log
  tsa: Tsa
  issueCertificate(options?: IssueOptions): Issued
  /** Certificate for a GitHub Actions token; default: Kong/kong-mesh at its tag 2.14.3. */
  githubCertificate(options?: GithubOptions): Issued
  logV1(signed: Signed, options?: LogV1Options): LogEntry
  logV2(signed: Signed, options?: LogV2Options): LogEntry
  /** RFC 3161 TimeStampResp, DER. */
  timestamp(options: TimestampOptions): Buffer
  /** Another TSA under the same root (unless `root` is given or `newRoot`). */
  createTsa(options?: TsaOptions & { newRoot?: boolean }): Tsa
  trustedRoot(options?: TrustedRootOptions): TrustedRootJson
  /** Certificate, signature, log entry, timestamp and bundle in one go. */
  sign(options: SignOptions): SignedBundle
}

export function createAuthority(options: AuthorityOptions = {}): Authority {
  const at = date(options.at ?? defaultTime)
  const ca = createCa({ at, algorithm: options.caAlgorithm ?? 'p384', ...options.ca })
  const ctLogs = Array.from({ length: options.ctLogs ?? 1 }, (_, index) =>
    createCtLog(`https://ct.authority.test${index === 0 ? '' : `/${index + 1}`}`, options.ctAlgorithm),
  )
  const rekor = createLogV1(options.rekorUrl, options.rekorAlgorithm)
  const rekor2 = createLogV2(options.rekor2Url)
  const tsa = createTsa({ at, ...options.tsa })
  const soon = later(at, 1)
  const self: Authority = {
    at,
    ca,
    ctLogs,
    rekor,
    rekor2,
    tsa,
    issueCertificate: (wish) => issueCertificate(ca, ctLogs, at, wish),
    githubCertificate: (wish) => issueCertificate(ca, ctLogs, at, githubIssueOptions(wish)),
    logV1: (signed, wish) => logV1(rekor, signed, soon, wish),
    logV2: (signed, wish) => logV2(rekor2, signed, wish),
    timestamp: (wish) => timestamp(tsa, later(at, 2), wish),
    createTsa: ({ newRoot, ...wish } = {}) =>
      createTsa({ at, ...(newRoot === true ? {} : { root: tsa.root }), ...wish }),
    trustedRoot: (wish) => trustedRoot(self, wish),
    sign: (wish) => sign(self, wish),
  }
  return self
}

function sign(authority: Authority, options: SignOptions): SignedBundle {
  const at = options.at ?? authority.at
  const signer = options.signer ?? authority.githubCertificate({ notBefore: at, ...options.github })
  const signed =
    options.payload === undefined
      ? signMessage(signer, options.message ?? 'hello', options.signing)
      : signEnvelope(signer, options.payload, options.signing)
  const log = options.log ?? 'v1'
  const entries = []
  if (log === 'v1') entries.push(authority.logV1(signed, { integratedTime: later(at, 1), ...options.logV1 }))
  if (log === 'v2') entries.push(authority.logV2(signed, options.logV2))
  const stamp = options.timestamp ?? log !== 'v1'
  const timestamps = []
  if (stamp !== false) {
    timestamps.push(
      authority.timestamp({ over: signatureOf(signed), at: later(at, 2), ...(stamp === true ? {} : stamp) }),
    )
  }
  return { bundle: bundle(signed, { entries, timestamps, ...options.bundle }), signed, signer, entries, timestamps }
}

/** The (first) signature's bytes: what a timestamp in a bundle covers. */
export function signatureOf(signed: Signed): Buffer {
  return signed.type === 'message' ? signed.signature : Buffer.from(signed.envelope.signatures[0]?.sig ?? '', 'base64')
}
