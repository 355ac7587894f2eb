/** Signed certificate timestamps in certificates (RFC 6962, 3.2 and 3.3). */
import { flip, sha256, uint } from './bytes.ts'
import type { Extension } from './certificate.ts'
import { octets } from './der.ts'
import { type Key, type KeyAlgorithm, newKey, signBytes } from './keys.ts'
import { date, type Time } from './time.ts'

export interface CtLog {
  baseUrl: string
  key: Key
  /** SHA-256 of the public key. */
  logId: Buffer
}

/** A CT log: its id is the SHA-256 of its key (RFC 6962, 3.2). */
export function createCtLog(baseUrl = 'https://ct.authority.test', algorithm: KeyAlgorithm = 'p256'): CtLog {
  const key = newKey(algorithm)
  return { baseUrl, key, logId: sha256(key.spki) }
}

export interface SctOptions {
  log?: CtLog
  /** Default: the certificate's notBefore. */
  at?: Time
  /** SCT extensions, e.g. the leaf index of static CT: 00 00 05 and five bytes. */
  extensions?: Uint8Array
  /** Alters after signing. */
  alter?: 'signature' | 'time' | 'log-id'
  /** Signs as if the certificate had this issuer. */
  issuerSpki?: Uint8Array
}

/** Static CT's leaf index extension (c2sp.org/static-ct-api). */
export function leafIndexExtension(index: number): Buffer {
  return Buffer.concat([Buffer.from([0, 0, 5]), uint(index, 5)])
}

/** One SCT over a TBSCertificate that has no SCT extension, TLS-encoded. */
export function signSct(
  tbs: Uint8Array,
  issuerSpki: Uint8Array,
  log: CtLog,
  at: Time,
  options: SctOptions = {},
): Buffer {
  const time = uint(date(at).getTime(), 8)
  const extensions = options.extensions ?? Buffer.alloc(0)
  const signed = Buffer.concat([
    Buffer.from([0, 0]),
    time,
    uint(1, 2),
    sha256(options.issuerSpki ?? issuerSpki),
    uint(tbs.length, 3),
    tbs,
    uint(extensions.length, 2),
    extensions,
  ])
  const signature = signBytes(log.key, signed, 'sha256')
  return Buffer.concat([
    Buffer.from([0]),
    options.alter === 'log-id' ? flip(log.logId) : log.logId,
    options.alter === 'time' ? flip(time) : time,
    uint(extensions.length, 2),
    extensions,
    Buffer.from([4, log.key.algorithm.startsWith('rsa') ? 1 : 3]),
    uint(signature.length, 2),
    options.alter === 'signature' ? flip(signature) : signature,
  ])
}

/** The extension 1.3.6.1.4.1.11129.2.4.2 with these SCTs. */
export function sctExtension(scts: readonly Uint8Array[]): Extension {
  const list = Buffer.concat(scts.flatMap((sct) => [uint(sct.length, 2), sct]))
  return { oid: '1.3.6.1.4.1.11129.2.4.2', value: octets(uint(list.length, 2), list) }
}
