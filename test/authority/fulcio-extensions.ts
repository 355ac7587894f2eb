/** Fulcio's certificate extensions: OID arcs and names as in fulcio/docs/oid-info.md and sigstore-go's summary. */
import { bytesOf } from './bytes.ts'
import type { Extension } from './certificate.ts'
import { utf8 } from './der.ts'

export const fulcioArc = '1.3.6.1.4.1.57264.1'

const last: Record<string, number> = {
  issuerV1: 1,
  githubWorkflowTrigger: 2,
  githubWorkflowSHA: 3,
  githubWorkflowName: 4,
  githubWorkflowRepository: 5,
  githubWorkflowRef: 6,
  issuer: 8,
  buildSignerURI: 9,
  buildSignerDigest: 10,
  runnerEnvironment: 11,
  sourceRepositoryURI: 12,
  sourceRepositoryDigest: 13,
  sourceRepositoryRef: 14,
  sourceRepositoryIdentifier: 15,
  sourceRepositoryOwnerURI: 16,
  sourceRepositoryOwnerIdentifier: 17,
  buildConfigURI: 18,
  buildConfigDigest: 19,
  buildTrigger: 20,
  runInvocationURI: 21,
  sourceRepositoryVisibilityAtSigning: 22,
  deploymentEnvironment: 23,
  subject: 24,
}

/** A dotted OID, a number under Fulcio's arc (`'12'`) or a name (`sourceRepositoryURI`) → dotted OID. */
export function fulcioOid(key: string): string {
  if (key.includes('.')) return key
  const arc = last[key] ?? (/^\d+$/.test(key) ? Number(key) : undefined)
  if (arc === undefined) throw new Error(`no Fulcio extension is called ${key}`)
  return `${fulcioArc}.${arc}`
}

/** Text goes raw into .1 to .7 and as DER UTF8String into .8 and later; bytes go in as they are. */
export function fulcioExtension(key: string, value: string | Uint8Array): Extension {
  const id = fulcioOid(key)
  if (typeof value !== 'string') return { oid: id, value }
  const raw = id.startsWith(`${fulcioArc}.`) && Number(id.slice(fulcioArc.length + 1)) < 8
  return { oid: id, value: raw ? bytesOf(value) : utf8(value) }
}
