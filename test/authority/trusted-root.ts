/** `TrustedRoot` of protobuf-specs as JSON. */
import type { CertificateAuthority } from './ca.ts'
import { type Key, keyDetails } from './keys.ts'
import type { Log } from './log.ts'
import type { CtLog } from './sct.ts'
import { day, later, rfc3339, type Time } from './time.ts'
import type { Tsa } from './timestamp.ts'

export interface ValidFor {
  start?: string
  end?: string
}
export interface TrustedLogJson {
  baseUrl: string
  hashAlgorithm: string
  publicKey: { rawBytes: string; keyDetails: string; validFor?: ValidFor }
  logId: { keyId: string }
  checkpointKeyId?: { keyId: string }
  operator?: string
}
export interface TrustedCaJson {
  subject: { organization: string; commonName: string }
  uri: string
  certChain: { certificates: { rawBytes: string }[] }
  validFor?: ValidFor
  operator?: string
}
export interface TrustedRootJson {
  mediaType: string
  tlogs: TrustedLogJson[]
  certificateAuthorities: TrustedCaJson[]
  ctlogs: TrustedLogJson[]
  timestampAuthorities: TrustedCaJson[]
}

/** `null` leaves a bound out; `start` defaults to 30 days before the authority's time, `end` to none. */
export interface Window {
  start?: Time | null
  end?: Time | null
}

export interface Trusted {
  at: Date
  ca: CertificateAuthority
  ctLogs: readonly CtLog[]
  rekor: Log
  rekor2: Log
  tsa: Tsa
}

export interface TrustedRootOptions {
  /** Windows by kind of entry; `null` leaves `validFor` out. */
  ca?: Window | null
  tlog?: Window | null
  ctlog?: Window | null
  tsa?: Window | null
  operator?: string
  /** Other authorities whose entries go in too, after these. */
  also?: readonly Trusted[]
  /** More TSAs or logs. */
  tsas?: readonly Tsa[]
  logs?: readonly Log[]
  ctLogs?: readonly CtLog[]
  /** Writes `checkpointKeyId` for Rekor 2 beside `logId`. */
  checkpointKeyId?: boolean
  /** Any change at the end. */
  edit?: (root: TrustedRootJson) => void
}

export function trustedRoot(own: Trusted, options: TrustedRootOptions = {}): TrustedRootJson {
  const all = [own, ...(options.also ?? [])]
  const logs = [...all.flatMap(({ rekor, rekor2 }) => [rekor, rekor2]), ...(options.logs ?? [])]
  const ctLogs = [...all.flatMap((one) => one.ctLogs), ...(options.ctLogs ?? [])]
  const tsas = [...all.map((one) => one.tsa), ...(options.tsas ?? [])]
  const operator = options.operator === undefined ? {} : { operator: options.operator }
  const window = (wish: Window | null | undefined) => validFor(own.at, wish)
  const root: TrustedRootJson = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: logs.map((log) => {
      const key = options.checkpointKeyId === true && log.key.algorithm === 'ed25519'
      return { ...logJson(log, window(options.tlog)), ...(key ? { checkpointKeyId: keyId(log) } : {}), ...operator }
    }),
    certificateAuthorities: all.map(({ ca }) => ({
      subject: { organization: ca.organization, commonName: 'sigstore' },
      uri: ca.uri,
      certChain: chain([ca.intermediate.der, ca.root.der]),
      ...window(options.ca),
      ...operator,
    })),
    ctlogs: ctLogs.map((log) => ({ ...logJson(log, window(options.ctlog)), ...operator })),
    timestampAuthorities: tsas.map((tsa) => ({
      subject: { organization: tsa.organization, commonName: 'sigstore-tsa-selfsigned' },
      uri: tsa.uri,
      certChain: chain([tsa.leaf.der, tsa.root.der]),
      ...window(options.tsa),
      ...operator,
    })),
  }
  options.edit?.(root)
  return root
}

const keyId = (log: { logId: Buffer }) => ({ keyId: log.logId.toString('base64') })

const chain = (ders: readonly Buffer[]) => ({ certificates: ders.map((der) => ({ rawBytes: der.toString('base64') })) })

function logJson(log: { baseUrl: string; key: Key; logId: Buffer }, window: { validFor?: ValidFor }): TrustedLogJson {
  return {
    baseUrl: log.baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: log.key.spki.toString('base64'), keyDetails: keyDetails(log.key), ...window },
    logId: keyId(log),
  }
}

function validFor(at: Date, wish: Window | null | undefined): { validFor?: ValidFor } {
  if (wish === null) return {}
  const start = wish?.start === undefined ? later(at, -30 * day) : wish.start
  const end = wish?.end ?? null
  return {
    validFor: { ...(start === null ? {} : { start: rfc3339(start) }), ...(end === null ? {} : { end: rfc3339(end) }) },
  }
}
