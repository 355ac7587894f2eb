import type { ASN1Obj } from '@sigstore/core'
import { type ExtensionName, extensionNames, extensionOids, isRawExtension } from '../../core/certificate-extensions.ts'
import type { Code } from '../../core/codes.ts'
import type { KeptCertificate } from './kept-certificate.ts'

const oid = {
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  timeStamping: '1.3.6.1.5.5.7.3.8',
} as const

/** What a signing certificate says of its holder. Read of the verified leaf only (T12). */
export type LeafFacts = {
  readonly san: string
  readonly issuer: string | undefined
  readonly extensions: Readonly<Partial<Record<ExtensionName, string>>>
}

export type LeafProblem = { readonly code: Code; readonly expected?: string; readonly found?: string }

/** L12: an extension is decoded when it is asked for; one that cannot be is a finding, never a throw. */
function legible<T>(read: () => T, unreadable: T): T {
  try {
    return read()
  } catch {
    return unreadable
  }
}

/** L5: a leaf signs code: no CA, digitalSignature, codeSigning (sigstore-go, pkg/root/certificate_authority.go). */
export const leafRoleProblem = (certificate: KeptCertificate): string | undefined =>
  legible(() => roleProblem(certificate), 'an extension cannot be read')

function roleProblem(certificate: KeptCertificate): string | undefined {
  if (certificate.extBasicConstraints?.isCA === true) return 'it is an authority'
  if (certificate.extKeyUsage?.digitalSignature !== true) return 'key usage digitalSignature is missing'
  if (!extendedKeyUsages(certificate).includes(oid.codeSigning)) return 'extended key usage codeSigning is missing'
  return undefined
}

/** RFC 5280 section 4.2.1.9: an authority has critical basic constraints with cA, and may sign certificates. */
export function authorityRoleProblem(certificate: KeptCertificate): string | undefined {
  if (certificate.extBasicConstraints?.isCA !== true) return 'it is no authority (CA:FALSE)'
  if (!certificate.extBasicConstraints.critical) return 'basic constraints are not critical'
  if (certificate.extKeyUsage?.keyCertSign !== true) return 'key usage keyCertSign is missing'
  return undefined
}

export const isTimestamper = (certificate: KeptCertificate): boolean =>
  extendedKeyUsages(certificate).includes(oid.timeStamping)

function extendedKeyUsages(certificate: KeptCertificate): readonly string[] {
  const extension = certificate.find(oid.extendedKeyUsage)
  return extension?.subs.at(-1)?.subs[0]?.subs.map((usage) => usage.toOID()) ?? []
}

/** L6: exactly one name, issuer v1 and v2 agree, no extension twice (slsa-verifier, validateClaimsEqual). */
export const readLeaf = (certificate: KeptCertificate): LeafFacts | LeafProblem =>
  legible(() => leafFacts(certificate), { code: 'certificate.malformed' })

function leafFacts(certificate: KeptCertificate): LeafFacts | LeafProblem {
  const seen = new Set<string>()
  for (const extension of certificate.extensions) {
    const id = extension.subs[0]?.toOID() ?? ''
    if (seen.has(id)) return { code: 'certificate.extension-twice', found: id }
    seen.add(id)
  }
  const names = certificate.find(oid.subjectAlternativeName)?.subs.at(-1)?.subs[0]?.subs ?? []
  const san = names.length === 1 ? nameOf(names[0]) : undefined
  if (san === undefined) return { code: 'certificate.names', found: String(names.length) }
  const extensions: Partial<Record<ExtensionName, string>> = {}
  for (const name of extensionNames) {
    const value = certificate.find(extensionOids[name])?.subs.at(-1)
    if (value === undefined) continue
    const text = textOf(isRawExtension(name) ? value : value.subs[0])
    if (text === undefined) return { code: 'certificate.malformed', found: name }
    extensions[name] = text
  }
  const { issuerV1, issuer } = extensions
  if (issuerV1 !== undefined && issuer !== undefined && issuerV1 !== issuer)
    return { code: 'certificate.issuer-disagrees', expected: issuerV1, found: issuer }
  return { san, issuer: issuer ?? issuerV1, extensions }
}

const textOf = (value: ASN1Obj | undefined): string | undefined => {
  if (value === undefined) return undefined
  const text = value.value.toString('utf8')
  return Buffer.from(text, 'utf8').equals(value.value) ? text : undefined
}

/** URI, e-mail, or Fulcio's otherName for user names (1.3.6.1.4.1.57264.1.7). */
function nameOf(name: ASN1Obj | undefined): string | undefined {
  if (name === undefined) return undefined
  if (name.tag.isContextSpecific(0x06) || name.tag.isContextSpecific(0x01)) return textOf(name)
  if (name.tag.isContextSpecific(0x00) && name.subs[0]?.toOID() === '1.3.6.1.4.1.57264.1.7')
    return textOf(name.subs[1]?.subs[0])
  return undefined
}
