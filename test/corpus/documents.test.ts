/** Statements, descriptors, envelopes and provenance of others: what is readable is read, and nothing is taken for more than it is. */
import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { digestOf } from '../../src/core/digest.ts'
import { parseJson } from '../../src/core/json.ts'
import { limits } from '../../src/core/limits.ts'
import { readGiven } from '../../src/judge/bare-envelopes.ts'
import { type Candidate, isCandidate } from '../../src/verify/signature/candidate.ts'
import { isResourceDescriptor, readStatement, statementTypes } from '../../src/verify/statement/in-toto.ts'
import { corpus, hasCorpus } from '../attacks/corpus.ts'
import { judged, policyOf } from '../attacks/harness.ts'

type Row = {
  readonly id: string
  readonly kind: string
  readonly expect: string
  readonly files: Readonly<Record<string, string>>
  readonly how: { readonly artifacts?: readonly { readonly sha256: string }[]; readonly predicateType?: string }
}
const manifest: readonly Row[] = hasCorpus
  ? (JSON.parse(readFileSync(join(corpus, 'MANIFEST.json'), 'utf8')) as readonly Row[])
  : []
const rows = (...kinds: readonly string[]) => manifest.filter(({ kind }) => kinds.includes(kind))
const bytesOf = ({ files }: Row, name: string): Buffer => readFileSync(join(corpus, files[name] ?? name))

/** Examples of specifications have remarks in them; a document has none. */
const withoutRemarks = (text: string): string => text.replace(/^(\s*)\/\/.*$|\s\/\/ .*$/gm, '$1')
function jsonOf(bytes: Uint8Array): unknown {
  const parsed = parseJson(withoutRemarks(Buffer.from(bytes).toString('utf8')), limits.jsonDepth)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.value
}
const statementOf = (bytes: Uint8Array) => {
  const read = readStatement(jsonOf(bytes), limits)
  return 'problem' in read || !statementTypes.some((one) => one === read.statement._type) ? undefined : read.statement
}
const envelopesIn = (bytes: Uint8Array): readonly Candidate[] => readGiven(bytes, limits).filter(isCandidate)

describe.runIf(hasCorpus)('in-toto', () => {
  test.each(rows('intoto-statement'))('statement $id is read', (row) => {
    const bytes = bytesOf(row, 'document')
    const [envelope] = envelopesIn(bytes)
    const statement = statementOf(envelope?.content.kind === 'dsse' ? envelope.content.payload : bytes)
    expect(statement?.predicateType).toBe(row.how.predicateType ?? statement?.predicateType)
    expect(statement?.subject.length).toBeGreaterThan(0)
  })

  test.each(rows('intoto-vector'))('$id: $expect', (row) => {
    const bytes = bytesOf(row, 'document')
    const good = row.id.includes('/resource_descriptor') ? isResourceDescriptor(jsonOf(bytes)) : statementOf(bytes)
    expect(Boolean(good)).toBe(row.expect === 'pass')
  })

  test.each(rows('intoto-layout'))('attestations of $id are good under their key, and under no other', async (row) => {
    const { keyval } = JSON.parse(bytesOf(row, 'key.pub').toString('utf8')) as { keyval: { public: string } }
    const raw = Buffer.from(keyval.public, 'hex')
    const key = (x: Buffer) =>
      createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') }, format: 'jwk' })
    const policy = (x: Buffer) =>
      policyOf({
        id: 'P',
        candidate: 'attestation',
        signer: {
          keys: [{ key: { base64: Buffer.from(key(x).export({ type: 'spki', format: 'pem' })).toString('base64') } }],
        },
        transparency: { log: 0 },
      })
    const names = Object.keys(row.files).filter((name) => /^\w+\.[0-9a-f]{8}\.json$/.test(name))
    expect(names.length).toBeGreaterThan(0)
    let verified = 0
    for (const name of names) {
      const bytes = bytesOf(row, name)
      const content = envelopesIn(bytes)[0]?.content
      const sha256 = content?.kind === 'dsse' ? statementOf(content.payload)?.subject[0]?.digest?.['sha256'] : undefined
      if (sha256 === undefined) continue
      const of = (x: Buffer) =>
        judged({ evidence: { bundle: bytes }, artifact: { digest: `sha256:${sha256}` }, policy: policy(x) })
      expect((await of(raw)).outcome, basename(name)).toBe('trusted')
      expect((await of(Buffer.from(raw.map((byte) => byte ^ 1)))).outcome).not.toBe('trusted')
      verified++
    }
    expect(verified).toBeGreaterThan(0)
  })

  test.each(rows('dsse-vector'))('$id: its signature is good over these bytes, and over no other', async (row) => {
    const text = bytesOf(row, 'text').toString('utf8')
    const coordinate = (name: string) => BigInt(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
    const x = (name: string) =>
      Buffer.from(coordinate(name).toString(16).padStart(64, '0'), 'hex').toString('base64url')
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x('X'), y: x('Y') }, format: 'jwk' })
    const raw = Buffer.from(/"sig": "([^"]+)"/.exec(text)?.[1] ?? '', 'base64')
    const { payload, payloadType } = JSON.parse(bytesOf(row, 'document').toString('utf8')) as Record<string, string>
    const envelope = (body: string) => ({
      payload: Buffer.from(body).toString('base64'),
      payloadType,
      signatures: [{ sig: derOf(raw).toString('base64') }],
    })
    const signer = {
      keys: [{ key: { base64: Buffer.from(key.export({ type: 'spki', format: 'pem' })).toString('base64') } }],
    }
    const policy = policyOf({ id: 'P', candidate: 'attestation', signer, transparency: { log: 0 } })
    const told = async (body: string) =>
      (await judged({ evidence: { bundle: envelope(body) }, artifact: { digest: digestOf('x') }, policy })).findings
        .map(({ code }) => code)
        .filter((code) => /^signature\.(verified|invalid)|^payload\.type/.test(code))
    // Signed well, and no statement all the same.
    expect(await told(payload ?? '')).toEqual(expect.arrayContaining(['signature.verified', 'payload.type']))
    expect(await told(`${payload} `)).toContain('signature.invalid')
  })
})

/** ECDSA signatures are DER to everybody else. */
function derOf(raw: Buffer): Buffer {
  const integer = (half: Buffer): Buffer => {
    const bytes = (half[0] ?? 0) < 0x80 ? half : Buffer.concat([Buffer.alloc(1), half])
    return Buffer.concat([Buffer.from([2, bytes.length]), bytes])
  }
  const both = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))])
  return Buffer.concat([Buffer.from([0x30, both.length]), both])
}

describe.runIf(hasCorpus)('provenance of slsa-github-generator', () => {
  test('every file is read, and one of its subjects is the artifact', () => {
    const all = rows('slsa-provenance-parse')
    expect(all.length).toBeGreaterThan(100)
    for (const row of all) {
      const payloads = readGiven(bytesOf(row, 'provenance'), limits).flatMap((read) =>
        isCandidate(read) && read.content.kind === 'dsse' ? [read.content.payload] : [],
      )
      const digests = payloads.flatMap((payload) =>
        statementOf(payload)?.subject.map(({ digest }) => digest?.['sha256']),
      )
      expect(digests, row.id).toContain(row.how.artifacts?.[0]?.sha256)
    }
  })
})

describe.runIf(hasCorpus)('documents that vouch for nothing', () => {
  const policy = policyOf({ id: 'P', candidate: 'attestation', signer: { builder: 'trusted' } })
  test('an SBOM, a VEX document or an unsigned statement is no evidence: never trusted, and told by a code', async () => {
    const all = rows('sbom-spdx', 'sbom-cyclonedx', 'vex', 'intoto-statement').filter(({ files }) => files['document'])
    expect(all.length).toBeGreaterThan(40)
    for (const row of all) {
      const bytes = bytesOf(row, 'document')
      const { outcome, findings } = await judged({ evidence: { bundle: bytes }, artifact: { file: bytes }, policy })
      const [decided] = findings.filter(({ candidate, demand }) => !candidate && demand === '/requirements/0')
      expect(outcome, row.id).not.toBe('trusted')
      expect(['fail', 'error'], row.id).toContain(decided?.outcome)
    }
  })
})
