import { expect, test } from 'vitest'
import { simpleSigning } from '../authority/cosign-legacy.ts'
import { newKey } from '../authority/keys.ts'
import { breakTime, type LogEntry } from '../authority/log.ts'
import type { Body } from '../authority/log-bodies.ts'
import { later } from '../authority/time.ts'
import {
  attack,
  authority,
  codes,
  expectRefused,
  expectTrusted,
  imageDigest,
  imageName,
  judged,
  root,
} from './harness.ts'

const demand = '/transparency/log'
const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'hello', digest: { sha256: imageDigest.slice(7) } }],
  predicateType: 'https://sigstore.dev/cosign/sign/v1',
  predicate: {},
}
const image = { digest: imageDigest, name: imageName }
const timed = { timestamp: true } as const

test('T15 a time that nobody signed', async () => {
  const entry = { integratedTime: later(authority.at, 5) }
  const proofOnly = (more: object) => ({ evidence: authority.sign({ ...more, logV1: { ...entry, promise: false } }) })
  // The twin differs in who vouches for the time: the log's promise, or a timestamp authority.
  await attack({ evidence: authority.sign({ logV1: entry }) }, proofOnly({}), {
    code: 'time.absent',
    demand: '/transparency/time',
  })
  await expectTrusted(proofOnly(timed))
  const alter = (it: LogEntry) => {
    it.integratedTime = String(Math.floor(later(authority.at, 5).getTime() / 1000))
  }
  await attack(
    { evidence: authority.sign({ log: 'v2', logV2: { alter } }) },
    { evidence: authority.sign({ log: 'v2', timestamp: false, logV2: { alter } }) },
    { code: 'time.absent', demand: '/transparency/time' },
  )
})

test('T15 a time other than the one the log signed', async () => {
  await attack(
    { evidence: authority.sign(timed) },
    { evidence: authority.sign({ ...timed, logV1: { alter: breakTime } }) },
    {
      code: 'log.invalid',
      demand,
    },
  )
})

type Swap = { readonly digest?: boolean; readonly signature?: boolean; readonly key?: boolean }
const other = authority.sign({ message: 'another artifact' })
const otherBody = JSON.parse(Buffer.from(other.entries[0]?.canonicalizedBody ?? '', 'base64').toString()) as {
  spec: { data: object; signature: { content: string; publicKey: object } }
}
const swaps: readonly (readonly [string, Swap, 'log.entry-mismatch' | 'log.entry-other-key'])[] = [
  ['T16 an entry with the digest of another artifact', { digest: true }, 'log.entry-mismatch'],
  ['T16 an entry with the signature of another artifact', { signature: true }, 'log.entry-mismatch'],
  ['T16 an entry with the key of another artifact', { key: true }, 'log.entry-other-key'],
  ['T16 an entry with digest and signature of another', { digest: true, signature: true }, 'log.entry-mismatch'],
  ['T16 an entry with digest and key of another', { digest: true, key: true }, 'log.entry-mismatch'],
  ['T16 an entry with signature and key of another', { signature: true, key: true }, 'log.entry-mismatch'],
]

/** The log itself vouches for the swapped body. */
const swapped = (swap: Swap) => (body: Body) => {
  const spec = body.spec as typeof otherBody.spec
  if (swap.digest) spec.data = otherBody.spec.data
  if (swap.signature) spec.signature.content = otherBody.spec.signature.content
  if (swap.key) spec.signature.publicKey = otherBody.spec.signature.publicKey
}

test.each(swaps)('%s', async (_name, swap, code) => {
  const bundle = (body: (it: Body) => void) => ({ evidence: authority.sign({ ...timed, logV1: { body } }) })
  await attack(
    bundle(() => undefined),
    bundle(swapped(swap)),
    { code, demand },
  )
  const legacy = (body: (it: Body) => void) => ({
    evidence: { signatures: [simpleSigning(authority, { digest: imageDigest, ...timed, logV1: { body } })] },
    artifact: image,
  })
  await attack(
    legacy(() => undefined),
    legacy(swapped(swap)),
    { code, demand },
  )
})

test('T16 the whole entry, or its promise alone, of another artifact', async () => {
  const mine = authority.sign(timed)
  const [entry] = mine.entries
  const [theirs] = other.entries
  const withEntry = (one: object | undefined) => ({
    evidence: {
      bundle: { ...mine.bundle, verificationMaterial: { ...mine.bundle.verificationMaterial, tlogEntries: [one] } },
    },
  })
  await attack(withEntry(entry), withEntry(theirs), { code: 'log.entry-mismatch', demand })
  const { inclusionPromise } = theirs ?? {}
  await expectRefused(withEntry({ ...entry, inclusionPromise }), { code: 'log.invalid', demand })
  const { inclusionProof } = theirs ?? {}
  await expectRefused(withEntry({ ...entry, inclusionProof }), { code: 'log.invalid', demand })
})

const envelopeBodies = {
  'dsse 0.0.1': { logV1: { kind: 'dsse' } },
  'intoto 0.0.2': { logV1: { kind: 'intoto' } },
  'hashedrekord over the PAE': { logV1: { kind: 'hashedrekord' } },
} as const

test.each(Object.entries(envelopeBodies))('T16 an envelope with the entry of another: %s', async (_kind, options) => {
  const signer = authority.githubCertificate()
  const mine = authority.sign({ payload: statement, signer, ...timed, ...options })
  const theirs = authority.sign({ payload: { ...statement, predicate: { other: true } }, signer, ...timed, ...options })
  const withEntries = (tlogEntries: object) => ({
    evidence: {
      bundle: { ...mine.bundle, verificationMaterial: { ...mine.bundle.verificationMaterial, tlogEntries } },
    },
    artifact: image,
  })
  await attack(withEntries(mine.entries), withEntries(theirs.entries), { code: 'log.entry-mismatch', demand })
})

test.each(['dsse', 'intoto'] as const)('T16 an envelope whose entry names another payload: %s', async (kind) => {
  const entry = (body: (it: Body) => unknown) => ({
    evidence: authority.sign({ payload: statement, ...timed, logV1: { kind, body } }),
    artifact: image,
  })
  const other = (it: Body) => JSON.stringify(it).replace(/("payloadHash":{[^}]*"value":")[0-9a-f]{8}/, '$100000000')
  await attack(
    entry((it) => it),
    entry(other),
    { code: 'log.entry-mismatch', demand },
  )
})

test('T16 an envelope whose entry in a log of today names another payload', async () => {
  const entry = (body: (it: Body) => unknown) => ({
    evidence: authority.sign({ payload: statement, log: 'v2', logV2: { body } }),
    artifact: image,
  })
  const other = (it: Body) => JSON.stringify(it).replace(/("digest":")[A-Za-z0-9]{4}/, '$1AAAA')
  await attack(
    entry((it) => it),
    entry(other),
    { code: 'log.entry-mismatch', demand },
  )
})

const stranger = authority.githubCertificate({ owner: 'evil' })

test('T17 an entry under another certificate', async () => {
  for (const [mine, theirs] of [
    [{ ...timed }, { ...timed, logV1: { verifier: stranger } }],
    [{ log: 'v2' }, { log: 'v2', logV2: { verifier: stranger } }],
    [{ log: 'v2' }, { log: 'v2', logV2: { verifier: newKey() } }],
  ] as const)
    await attack(
      { evidence: authority.sign(mine) },
      { evidence: authority.sign(theirs) },
      { code: 'log.entry-other-key', demand },
    )
})

test("T17 an entry whose body is not the leaf of the log's tree", async () => {
  const alter = (entry: LogEntry) => {
    const body = JSON.parse(Buffer.from(entry.canonicalizedBody, 'base64').toString())
    entry.canonicalizedBody = Buffer.from(JSON.stringify({ ...body, more: 1 })).toString('base64')
  }
  await attack(
    { evidence: authority.sign({ log: 'v2' }) },
    { evidence: authority.sign({ log: 'v2', logV2: { alter } }) },
    {
      code: 'log.invalid',
      demand,
    },
  )
})

test('T16 T17 a good bundle says in how many logs it stands', async () => {
  expect(codes(await judged({ evidence: authority.sign({}), root }), `/requirements/0${demand}`)).toEqual([
    'pass log.counted',
  ])
})
