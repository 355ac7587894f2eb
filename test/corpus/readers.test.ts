import { createPublicKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { limits } from '../../src/core/limits.ts'
import { parseCheckpoint } from '../../src/core/signed-note.ts'
import { KeptCertificate } from '../../src/verify/certificate/kept-certificate.ts'
import { authorityRoleProblem, leafRoleProblem } from '../../src/verify/certificate/leaf.ts'
import type { EntryMaterial } from '../../src/verify/signature/candidate.ts'
import { readEntryBody } from '../../src/verify/signature/log-body.ts'
import { readLogBundle } from '../../src/verify/signature/simple-signing.ts'
import {
  readTimestampToken,
  type Signature,
  verifyChain,
  verifyEntry,
  verifyTimestamp,
} from '../../src/verify/signature/stages.ts'
import { parseTrustedRoot, type Trust } from '../../src/verify/trust/trusted-root.ts'
import { corpus, hasCorpus } from '../attacks/corpus.ts'

type Row = {
  readonly id: string
  readonly kind: string
  readonly files: Readonly<Record<string, string>>
  readonly expect: string
}

const manifest: readonly Row[] = hasCorpus
  ? (JSON.parse(readFileSync(join(corpus, 'MANIFEST.json'), 'utf8')) as readonly Row[])
  : []
const rows = (kind: string, ...expected: readonly string[]) =>
  manifest.filter((row) => row.kind === kind && (expected.length === 0 || expected.includes(row.expect)))
const file = ({ files }: Row, name: string): Buffer => readFileSync(join(corpus, files[name] ?? name))
const text = (row: Row, name: string): string => file(row, name).toString('utf8')

const certificateOf = (pem: string) => new KeptCertificate(new X509Certificate(pem).raw)
const raw = (pem: string) => ({ rawBytes: new X509Certificate(pem).raw.toString('base64') })
const validFor = { start: '2020-01-01T00:00:00Z' }
const logOf = (pem: string, baseUrl: string) => ({
  baseUrl,
  publicKey: {
    rawBytes: createPublicKey(pem).export({ format: 'der', type: 'spki' }).toString('base64'),
    validFor,
  },
})
const rootWith = (parts: object) => ({
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  ...parts,
})
const read = (value: unknown) => parseTrustedRoot(Buffer.from(JSON.stringify(value)), limits.jsonDepth)
function trusted(value: unknown): Trust {
  const root = read(value)
  if ('problem' in root) throw new Error(root.problem)
  return root
}

describe.runIf(hasCorpus)('certificates', () => {
  test('a real certificate chains to its root, its SCT is good, and another CT key makes it none', () => {
    const [row] = rows('certificate', 'pass')
    if (row === undefined) throw new Error('no row')
    const folder = 'low-level/certs/valid-'
    const chain = text(row, `${folder}fulcio.crt.pem`).match(/-----BEGIN[\s\S]+?END CERTIFICATE-----/g) ?? []
    const under = (ctKey: string) =>
      trusted(
        rootWith({
          ctlogs: [logOf(ctKey, 'https://ct.test')],
          certificateAuthorities: [{ certChain: { certificates: chain.map(raw) }, validFor }],
        }),
      ).material
    const pem = text(row, `${folder}certWithSct.pem`)
    const certificate = certificateOf(pem)
    const alive = [certificate.notBefore]
    expect(verifyChain(under(text(row, `${folder}ctfe.pub`)), certificate, alive)).toHaveProperty('value')
    const other = readFileSync(join(corpus, 'low-level/rekor/rekor.pub'), 'utf8')
    expect(verifyChain(under(other), certificateOf(pem), alive)).toHaveProperty('failed')
  })

  test.each(rows('certificate-role'))('$id: $expect', (row) => {
    const certificate = certificateOf(text(row, 'certificate'))
    const [, not, role] = /^(is|not)-(ca|leaf)$/.exec(row.expect) ?? []
    const problem = role === 'ca' ? authorityRoleProblem(certificate) : leafRoleProblem(certificate)
    expect(problem === undefined).toBe(not === 'is')
  })
})

/** A signature that agrees with nothing. */
const nothing: Signature = {
  signature: Buffer.alloc(0),
  compareSignature: () => false,
  compareDigest: () => false,
  compareSignedDigest: () => false,
  verifySignature: () => false,
}

describe.runIf(hasCorpus)('documents of logs and timestamp authorities', () => {
  test.each(rows('checkpoint'))('checkpoint $id: $expect', (row) => {
    expect(parseCheckpoint(text(row, 'document')) !== undefined).toBe(row.expect === 'pass')
  })

  test.each(rows('rfc3161', 'parses', 'fail-parse'))('timestamp $id: $expect', (row) => {
    expect(readTimestampToken(file(row, 'document')) !== undefined).toBe(row.expect === 'parses')
  })

  test.each(rows('rfc3161', 'pass'))('timestamp $id is good over its message, and over no other', (row) => {
    const root = parseTrustedRoot(file(row, 'trustedRoot'), limits.jsonDepth)
    const token = readTimestampToken(file(row, 'timestamp'))
    if ('problem' in root || token === undefined) throw new Error('unreadable')
    const over = (signature: Buffer) => verifyTimestamp(root.material, { ...nothing, signature }, token)
    expect(over(file(row, 'message'))).toHaveProperty('value')
    expect(over(Buffer.from('another message'))).toHaveProperty('failed')
  })

  test.each(rows('rekor-entry'))('log entry $id is read: known, or of a kind that is not spoken', (row) => {
    const entry = entryOf(text(row, 'entry'))
    expect(readEntryBody(entry, limits.jsonDepth)).toEqual(
      entry.kind === 'hashedrekord' ? expect.objectContaining({ kind: 'known' }) : 'unsupported',
    )
  })

  test('the promise of a real log entry is good under the key of its log, and not when its time is altered', () => {
    const row = rows('rekor-entry').find(({ id }) => id.endsWith('/entry'))
    if (row === undefined) throw new Error('no row')
    const entry = entryOf(text(row, 'entry'))
    const { material } = trusted(rootWith({ tlogs: [logOf(text(row, 'rekorKey'), 'https://rekor.test')] }))
    // Inclusion comes first: an error of the body says that the promise was good.
    expect(verifyEntry(material, nothing, entry)).toMatchObject({ failed: 'TLOG_BODY_ERROR' })
    const later = { ...entry, integratedTime: String(Number(entry.integratedTime) + 1) }
    expect(verifyEntry(material, nothing, later)).toMatchObject({ failed: 'TLOG_INCLUSION_PROMISE_ERROR' })
  })
})

type ApiEntry = {
  readonly body: string
  readonly verification: { readonly signedEntryTimestamp: string }
  readonly [name: string]: unknown
}
type ProtoEntry = {
  readonly kindVersion: { readonly kind: string; readonly version: string }
  readonly canonicalizedBody: string
}

/** An entry as Rekor's API answers it, or as a bundle holds it. */
function entryOf(answer: string): EntryMaterial {
  const value = JSON.parse(answer) as ProtoEntry | Readonly<Record<string, ApiEntry>>
  if ('kindVersion' in value) {
    const { kindVersion, canonicalizedBody } = value as ProtoEntry
    const body = Buffer.from(canonicalizedBody, 'base64')
    return { logIndex: '0', logId: Buffer.alloc(32), integratedTime: '0', body, ...kindVersion }
  }
  const [found] = Object.values(value)
  if (found === undefined) throw new Error('no entry')
  const { verification, body, integratedTime, logIndex, logID } = found
  const bundle = {
    SignedEntryTimestamp: verification.signedEntryTimestamp,
    Payload: { body, integratedTime, logIndex, logID },
  }
  const [entry] = readLogBundle(JSON.stringify(bundle), limits) ?? []
  if (entry === undefined) throw new Error('not read')
  return entry
}

describe.runIf(hasCorpus)('trusted roots', () => {
  test.each(rows('trust-format').filter(({ id }) => !id.includes('signing-config')))('$id: $expect', (row) => {
    const value = JSON.parse(text(row, 'document')) as { readonly trustedRoot?: unknown; readonly mediaType?: string }
    // A fragment is put into a root; a client's configuration has its root as a part.
    const document = row.id.includes('certificate-authority')
      ? rootWith({ timestampAuthorities: [value] })
      : row.id.includes('trust-config') && row.expect === 'parses'
        ? value.trustedRoot
        : value
    expect('problem' in read(document)).toBe(row.expect === 'fail-parse')
  })
})

test.runIf(hasCorpus)('every kind of document has rows that are read and rows that are not', () => {
  const kinds = ['certificate-role', 'checkpoint', 'rfc3161', 'trust-format']
  for (const kind of kinds) {
    const good = rows(kind).filter((row) => /^(pass|parses|is-)/.test(row.expect)).length
    expect({ kind, good: good > 0, bad: rows(kind).length > good }).toEqual({ kind, good: true, bad: true })
  }
})
