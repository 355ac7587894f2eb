import { bundleFromJSON, ValidationError } from '@sigstore/bundle'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify'
import { expect, test } from 'vitest'
import type { Code } from '../../src/core/codes.ts'
import { statement } from '../authority/cosign-bundle.ts'
import { githubDefaults, githubIssuer } from '../authority/github.ts'
import { authority, decisive, digestsOf, judged, message, notes, policyFor, root } from './harness.ts'
import { kinds, mutated, randomFrom } from './mutations.ts'

/** F4: the library with its own types against ours, over the same bundles, roots, thresholds and identity. */
const runs = Number(process.env['MESHPROOF_FUZZ_RUNS'] ?? 300)
const { owner, repository, workflow, ref } = githubDefaults
const san = `https://github.com/${owner}/${repository}/${workflow}@${ref}`
const payload = statement({ digest: digestsOf(message).sha256 })
const policy = policyFor({ identity: { is: san }, certificate: undefined })

const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(root)), {
  ctlogThreshold: 1,
  tlogThreshold: 1,
  timestampThreshold: 1,
})

type Word = 'accepts' | 'rejects' | 'rejects copies' | 'rejects its form'

/** Writers in the field leave the digest out, and put a chain into v0.3 (corpus: sigstore-java); only the leaf is taken. */
const forms: readonly string[] = ['content.messageSignature.messageDigest', 'verificationMaterial.content.$case']

function library(text: string): Word {
  try {
    const json = JSON.parse(text)
    const bundle = bundleFromJSON(json)
    const signed = bundle.content.$case === 'messageSignature' ? Buffer.from(message) : undefined
    const { identity } = verifier.verify(toSignedEntity(bundle, signed))
    // Its own policy searches, ours compares (L1): so it is only asked what it read.
    const ours = identity?.subjectAlternativeName === san && identity.extensions?.issuer === githubIssuer
    return ours ? 'accepts' : 'rejects'
  } catch (error) {
    if (error instanceof ValidationError && error.fields.every((field) => forms.includes(field)))
      return 'rejects its form'
    return error instanceof Error && error.message.startsWith('duplicate ') ? 'rejects copies' : 'rejects'
  }
}

/** What the library takes and we refuse, by the line of the threats; everything else must be taken by both. */
const gaps: Readonly<Partial<Record<Code, string>>> = {
  'payload.digest-mismatch': 'L2',
  'payload.type': 'L3',
  'payload.malformed': 'L2',
  'log.entry-other-key': 'L4',
  'certificate.role': 'L5',
  'certificate.names': 'L6',
  'certificate.issuer-disagrees': 'L6',
  'certificate.extension-twice': 'L6',
  'log.unknown': 'L7',
  'log.proof-absent': 'L9',
  'bundle.malformed': 'L11',
  'bundle.ambiguous': 'L11',
  'bundle.unsupported': 'a version that is not yet',
  'signature.malformed': 'L11',
  'log.checkpoint-malformed': 'T19',
  'log.invalid': 'T19',
}

const bases = {
  'message, Rekor 1': () => authority.sign({}).bundle,
  'message, Rekor 1, v0.1, chain': () => authority.sign({ bundle: { version: '0.1' } }).bundle,
  'message, Rekor 1 and a timestamp, v0.2': () =>
    authority.sign({ timestamp: true, bundle: { version: '0.2' } }).bundle,
  'message, Rekor 2': () => authority.sign({ log: 'v2' }).bundle,
  'envelope, dsse': () => authority.sign({ payload }).bundle,
  'envelope, intoto 0.0.2': () => authority.sign({ payload, logV1: { kind: 'intoto' } }).bundle,
  'envelope, Rekor 2': () => authority.sign({ payload, log: 'v2' }).bundle,
  'message, P-384': () => authority.sign({ github: { key: 'p384' }, signing: { hash: 'sha384' } }).bundle,
  'message, RSA': () => authority.sign({ github: { key: 'rsa2048' } }).bundle,
}

async function ours(bundle: string) {
  const subject = await judged({ evidence: { bundle }, policy })
  return { outcome: subject.outcome, code: decisive(subject).code, notes: notes(subject) }
}

/** T92: beside what is enough, a party that nobody knows and a thing that nobody can read are remarks; the library throws. */
const strangers: readonly Code[] = [
  'time.authority-unknown',
  'time.malformed',
  'log.unknown',
  'log.entry-unsupported',
  'sct.log-unknown',
]

test.each(Object.entries(bases))('F4 both take a good bundle: %s', async (_name, make) => {
  const text = JSON.stringify(make())
  expect(library(text)).toBe('accepts')
  expect(await ours(text)).toMatchObject({ outcome: 'trusted', code: 'requirement.met' })
})

test(`F4 ${runs} mutants: what the library refuses we do not trust, what it takes we take but for the gaps`, {
  timeout: 60_000 + 100 * runs,
}, async () => {
  const random = randomFrom(20261125)
  const pairs = Object.values(bases).map((make) => [make(), make()] as const)
  const seen: Partial<Record<Word, number>> = {}
  for (let run = 0; run < runs; run++) {
    const [bundle, other] = pairs[run % pairs.length] ?? []
    const kind = kinds[Math.floor(run / pairs.length) % kinds.length]
    if (bundle === undefined || other === undefined || kind === undefined) throw new Error('no bundle')
    const text = mutated(kind, bundle, other, random)
    const word = library(text)
    seen[word] = (seen[word] ?? 0) + 1
    const mine = await ours(text)
    const told = `run ${run}, ${kind}: the library ${word}, we say ${mine.outcome} ${mine.code}`
    const lent = mine.notes.some((code) => strangers.includes(code))
    if (word === 'rejects') expect(mine.outcome === 'trusted' && !lent, told).toBe(false)
    // A copy counts for nothing (T18), and a digest is a hint; the library refuses to see either at all.
    else if (mine.outcome !== 'trusted') expect(gaps, told).toHaveProperty([mine.code])
  }
  // Neither word may be missing, or the test would compare nothing.
  expect(seen.accepts).toBeGreaterThan(runs / 20)
  expect(seen.rejects).toBeGreaterThan(runs / 4)
})

test('F4 L14 L16 T92 what the library refuses and we take: these, and no others', async () => {
  const larger = { payload, github: { key: 'p384' }, signing: { hash: 'sha384' } } as const
  const only = {
    'L14 a P-384 key over an envelope with SHA-384': authority.sign(larger).bundle,
    'L14 a P-521 key over an envelope with SHA-512': authority.sign({
      ...larger,
      github: { key: 'p521' },
      signing: { hash: 'sha512' },
    }).bundle,
    'L16 an entry of kind intoto 0.0.1': authority.sign({ payload, logV1: { kind: 'intoto', version: '0.0.1' } })
      .bundle,
    'T92 an SCT of a strange log beside a good one': authority.sign({
      github: { sct: [{}, { alter: 'log-id' }] },
    }).bundle,
  }
  for (const [name, bundle] of Object.entries(only)) {
    const text = JSON.stringify(bundle)
    expect([name, library(text), (await ours(text)).outcome]).toEqual([name, 'rejects', 'trusted'])
  }
})
