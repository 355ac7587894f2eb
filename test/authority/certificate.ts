/** X.509 v3 certificates (RFC 5280) from their parts, so that every part can be wrong on purpose. */
import { randomBytes } from 'node:crypto'
import type { Bytes, Hash } from './bytes.ts'
import { pem } from './bytes.ts'
import { bits, bool, explicit, implicit, integer, octets, oid, sequence, setOf, time, tlv, utf8 } from './der.ts'
import { type Key, keyIdentifier, signatureAlgorithm, signBytes } from './keys.ts'
import type { Time } from './time.ts'

export interface Extension {
  oid: string
  critical?: boolean
  /** What stands inside the OCTET STRING. */
  value: Uint8Array
}

/** A name with a certificate and its key: can sign certificates, whatever its certificate says. */
export interface Certified {
  name: Bytes
  key: Key
  der: Bytes
  pem: string
  serial: Bytes
}

/** Name of organization and common name, in this order, as Fulcio's own. */
export function distinguishedName(organization: string, commonName: string): Bytes {
  const part = (type: string, text: string) => setOf(sequence(oid(type), utf8(text)))
  return sequence(part('2.5.4.10', organization), part('2.5.4.3', commonName))
}

export interface CertificateParts {
  subject: Bytes
  key: Key
  /** Who signs; `self` for a root. */
  by: Certified | 'self'
  notBefore: Time
  notAfter: Time
  extensions: Extension[]
  serial?: Uint8Array
  hash?: Hash
  /** Name written as issuer, when it shall differ from the signer's. */
  issuerName?: Bytes
}

/** TBSCertificate, DER. */
export function tbsCertificate(parts: CertificateParts & { serial: Uint8Array }): Bytes {
  const signer = parts.by === 'self' ? parts.key : parts.by.key
  const issuer = parts.issuerName ?? (parts.by === 'self' ? parts.subject : parts.by.name)
  const extensions = parts.extensions.map((one) =>
    sequence(oid(one.oid), ...(one.critical === true ? [bool(true)] : []), octets(one.value)),
  )
  return sequence(
    explicit(0, integer(2)),
    integer(parts.serial),
    signatureAlgorithm(signer, parts.hash),
    issuer,
    sequence(time(parts.notBefore), time(parts.notAfter)),
    parts.subject,
    parts.key.spki,
    ...(extensions.length > 0 ? [explicit(3, sequence(...extensions))] : []),
  )
}

/** 159 random bits: positive, at most 20 bytes, as RFC 5280 wants serial numbers. */
export function newSerial(): Bytes {
  const serial = randomBytes(20)
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 0x40, 0)
  return serial
}

export function signCertificate(parts: CertificateParts): Certified {
  const serial = Buffer.from(parts.serial ?? newSerial())
  const tbs = tbsCertificate({ ...parts, serial })
  const signer = parts.by === 'self' ? parts.key : parts.by.key
  const der = sequence(tbs, signatureAlgorithm(signer, parts.hash), bits(signBytes(signer, tbs, parts.hash)))
  return { name: parts.subject, key: parts.key, der, pem: pem('CERTIFICATE', der), serial }
}

const keyUsageBits = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const
export type KeyUsage = keyof typeof keyUsageBits

export function keyUsage(usages: readonly KeyUsage[], critical = true): Extension {
  let mask = 0
  for (const usage of usages) mask |= 0x80 >> keyUsageBits[usage]
  let unused = 0
  while (unused < 7 && mask !== 0 && (mask & (1 << unused)) === 0) unused += 1
  return { oid: '2.5.29.15', critical, value: bits(Buffer.from([mask]), unused) }
}

const purposes: Record<string, string> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  any: '2.5.29.37.0',
}

/** Purposes by name (`codeSigning`, `timeStamping`, `serverAuth`, `any`, …) or by OID. */
export function extendedKeyUsage(uses: readonly string[], critical = false): Extension {
  return { oid: '2.5.29.37', critical, value: sequence(...uses.map((use) => oid(purposes[use] ?? use))) }
}

export function basicConstraints(isCA: boolean, pathLength?: number): Extension {
  const inner = [...(isCA ? [bool(true)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])]
  return { oid: '2.5.29.19', critical: true, value: sequence(...inner) }
}

export function subjectKeyIdentifier(key: Key): Extension {
  return { oid: '2.5.29.14', value: octets(keyIdentifier(key)) }
}

export function authorityKeyIdentifier(key: Key): Extension {
  return { oid: '2.5.29.35', value: sequence(implicit(0, keyIdentifier(key))) }
}

export type SanType = 'uri' | 'email' | 'dns' | 'username'
export interface SanEntry {
  type: SanType
  value: string
}

/** `username` is Fulcio's otherName 1.3.6.1.4.1.57264.1.7. */
export function subjectAlternativeName(entries: readonly SanEntry[], critical = true): Extension {
  const names = entries.map(({ type, value }) => {
    if (type === 'username') return tlv(0xa0, oid('1.3.6.1.4.1.57264.1.7'), explicit(0, utf8(value)))
    return implicit({ email: 1, dns: 2, uri: 6 }[type], Buffer.from(value, 'utf8'))
  })
  return { oid: '2.5.29.17', critical, value: sequence(...names) }
}
