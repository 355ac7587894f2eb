/** Signing certificates as Fulcio issues them, every part of which can be overridden. */
import type { Bytes } from './bytes.ts'
import type { CertificateAuthority } from './ca.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  type CertificateParts,
  type Certified,
  type Extension,
  extendedKeyUsage,
  type KeyUsage,
  keyUsage,
  newSerial,
  type SanEntry,
  type SanType,
  signCertificate,
  subjectAlternativeName,
  subjectKeyIdentifier,
  tbsCertificate,
} from './certificate.ts'
import { sequence } from './der.ts'
import { fulcioExtension, fulcioOid } from './fulcio-extensions.ts'
import { type Key, type KeyAlgorithm, newKey } from './keys.ts'
import { type CtLog, createCtLog, type SctOptions, sctExtension, signSct } from './sct.ts'
import { later, type Time } from './time.ts'

/** A signing certificate with its private key and the CA that made it. */
export interface Issued extends Certified {
  issuer: Certified
  root: Certified
}

export interface IssueOptions {
  /** Text takes the type `sanType`; `[]` leaves the extension out. */
  san?: string | readonly (string | SanEntry)[]
  sanType?: SanType
  sanCritical?: boolean
  /** Token issuer: extension .8, and .1 too unless `issuerV1` says otherwise. `null` leaves out. */
  issuer?: string | null
  issuerV1?: string | null
  /** Fulcio extensions by name, by number or by OID; `null` leaves out, bytes go in as they are. */
  extensions?: Readonly<Record<string, string | Uint8Array | null>>
  /** One extension a second time, with another value if given; `first` puts the copy before the real one. */
  duplicateExtension?: { extension: string; value?: string | Uint8Array; first?: boolean }
  /** Whatever else, before the SCTs. */
  extraExtensions?: readonly Extension[]
  notBefore?: Time
  /** Default: ten minutes after notBefore. */
  notAfter?: Time
  keyUsage?: readonly KeyUsage[] | null
  extendedKeyUsage?: readonly string[] | null
  /** `undefined` writes no basicConstraints, as Fulcio does. */
  isCA?: boolean
  key?: Key | KeyAlgorithm
  /** Default: empty, as Fulcio's. */
  subject?: Bytes
  serial?: Uint8Array
  /** Another CA in place of the intermediate. */
  by?: Certified
  issuerName?: Bytes
  /** How many (one per log, then logs again), or which. `empty` is the extension with no SCT in it. */
  sct?: number | 'none' | 'empty' | 'unknown-log' | readonly SctOptions[]
  /** Alters the certificate after the SCTs were signed, e.g. to add an extension they do not cover. */
  afterSct?: (parts: CertificateParts & { serial: Uint8Array }) => CertificateParts & { serial: Uint8Array }
}

export const defaultIdentity = {
  san: 'https://example.test/signer',
  issuer: 'https://issuer.authority.test',
}

export function issueCertificate(
  ca: CertificateAuthority,
  logs: readonly CtLog[],
  at: Time,
  options: IssueOptions = {},
): Issued {
  const key = typeof options.key === 'object' ? options.key : newKey(options.key)
  const signer = options.by ?? ca.intermediate
  const notBefore = options.notBefore ?? at
  let parts: CertificateParts & { serial: Uint8Array } = {
    subject: options.subject ?? sequence(),
    key,
    by: signer,
    notBefore,
    notAfter: options.notAfter ?? later(notBefore, 600),
    serial: options.serial ?? newSerial(),
    extensions: extensionsOf(options, key, signer),
    ...(options.issuerName === undefined ? {} : { issuerName: options.issuerName }),
  }
  const scts = sctsWanted(options.sct ?? 1, logs)
  const tbs = tbsCertificate(parts)
  if (options.afterSct !== undefined) parts = options.afterSct(parts)
  if (scts !== undefined) {
    const signed = scts.map((sct) => signSct(tbs, signer.key.spki, sct.log, sct.at ?? notBefore, sct))
    parts = { ...parts, extensions: [...parts.extensions, sctExtension(signed)] }
  }
  return { ...signCertificate(parts), issuer: signer, root: ca.root }
}

function extensionsOf(options: IssueOptions, key: Key, signer: Certified): Extension[] {
  const sanType = options.sanType ?? 'uri'
  const wanted = options.san ?? defaultIdentity.san
  const names = (typeof wanted === 'string' ? [wanted] : wanted).map((san) =>
    typeof san === 'string' ? { type: sanType, value: san } : san,
  )
  const usage = options.keyUsage === undefined ? (['digitalSignature'] as const) : options.keyUsage
  const purposes = options.extendedKeyUsage === undefined ? ['codeSigning'] : options.extendedKeyUsage
  const list: Extension[] = [
    ...(usage === null ? [] : [keyUsage(usage)]),
    ...(purposes === null ? [] : [extendedKeyUsage(purposes)]),
    ...(options.isCA === undefined ? [] : [basicConstraints(options.isCA)]),
    subjectKeyIdentifier(key),
    authorityKeyIdentifier(signer.key),
    ...(names.length === 0 ? [] : [subjectAlternativeName(names, options.sanCritical ?? true)]),
    ...fulcioExtensions(options),
  ]
  return [...withDuplicate(list, options.duplicateExtension), ...(options.extraExtensions ?? [])]
}

/** By OID, ascending, as Fulcio writes them. */
function fulcioExtensions(options: IssueOptions): Extension[] {
  const issuer = options.issuer === undefined ? defaultIdentity.issuer : options.issuer
  const issuerV1 = options.issuerV1 === undefined ? issuer : options.issuerV1
  const values = new Map<string, string | Uint8Array | null>([
    [fulcioOid('issuerV1'), issuerV1],
    [fulcioOid('issuer'), issuer],
  ])
  for (const [name, value] of Object.entries(options.extensions ?? {})) values.set(fulcioOid(name), value)
  const order = (id: string) => Number(id.split('.').at(-1))
  return [...values]
    .sort(([one], [other]) => order(one) - order(other))
    .flatMap(([id, value]) => (value === null ? [] : [fulcioExtension(id, value)]))
}

function withDuplicate(list: Extension[], wish: IssueOptions['duplicateExtension']): Extension[] {
  if (wish === undefined) return list
  const id = fulcioOid(wish.extension)
  const index = list.findIndex((one) => one.oid === id)
  const real = list[index]
  if (real === undefined) throw new Error(`no extension ${wish.extension} to duplicate`)
  const copy = wish.value === undefined ? real : { ...real, ...fulcioExtension(id, wish.value) }
  return list.toSpliced(wish.first === true ? index : index + 1, 0, copy)
}

type SctWish = SctOptions & { log: CtLog }

function sctsWanted(wish: NonNullable<IssueOptions['sct']>, logs: readonly CtLog[]): SctWish[] | undefined {
  const [first] = logs
  if (wish === 'none' || wish === 0) return undefined
  if (wish === 'empty') return []
  if (first === undefined) throw new Error('the authority has no CT log')
  if (wish === 'unknown-log') return [{ log: createCtLog() }]
  if (typeof wish === 'number')
    return Array.from({ length: wish }, (_, index) => ({ log: logs[index % logs.length] ?? first }))
  return wish.map((one) => ({ log: first, ...one }))
}
