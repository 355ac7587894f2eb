import { expect, test } from 'vitest'
import { type CheckpointOptions, strangeSigner } from '../authority/checkpoint.ts'
import { newKey } from '../authority/keys.ts'
import { createLogV1, createLogV2 } from '../authority/log.ts'
import { attack, authority, expectRefused, expectTrusted, judged } from './harness.ts'

const demand = '/transparency/log'
const v1 = (checkpoint: CheckpointOptions) => ({ evidence: authority.sign({ timestamp: true, logV1: { checkpoint } }) })
const v2 = (checkpoint: CheckpointOptions) => ({ evidence: authority.sign({ log: 'v2', logV2: { checkpoint } }) })
const { rekor, rekor2 } = authority
const otherRoot = Buffer.alloc(32, 9)

/** Signed by the log's own key unless said otherwise: what is wrong is what the name says. */
const invalid: Readonly<Record<string, CheckpointOptions>> = {
  "T19 a foreign key with the log's name and hint": { key: newKey() },
  'T19 a foreign hint': { keyHint: Buffer.from([1, 2, 3, 4]) },
  'T19 the name of another': { name: 'evil.test' },
  "T19 a part of the log's name": { name: 'authority.test' },
  "T19 the log's name with something behind it": { name: `${rekor.signer.name}.evil.test` },
  'T19 the origin of another log': { origin: 'evil.test - 1' },
  "T19 an origin that begins like the log's": { origin: `${rekor.signer.name}.evil.test - 1` },
  "T19 an origin that ends like the log's": { origin: `evil.test/${rekor.signer.name}` },
  'T19 the root of another tree': { root: otherRoot },
  'T19 another size': { size: 1 },
  'T19 text changed after it was signed': {
    alter: (it) => it.replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) + 1}\n`),
  },
}

test.each(Object.entries(invalid))('%s', async (_name, options) => {
  await attack(v1({}), v1(options), { code: 'log.invalid', demand })
})

const unreadable: Readonly<Record<string, CheckpointOptions>> = {
  'T19 no origin': { omit: ['origin'] },
  'T19 no size': { omit: ['size'] },
  'T19 no root hash': { omit: ['root'] },
  'T19 no blank line': { omit: ['blank'] },
  'T19 no signature': { omit: ['signatures'] },
  'T19 root before size': { lines: ([origin = '', size = '', hash = '']) => [origin, hash, size] },
  'T19 a size with a zero in front': { size: '07' },
  'T19 a size that is no number': { size: '7e0' },
  'T19 a root hash of another length': { root: Buffer.alloc(20, 9) },
  'T19 a root hash with junk in its base64': {
    lines: ([origin = '', size = '', hash = '']) => [origin, size, `${hash}!`],
  },
  'T19 no newline at the end': { alter: (it) => it.trimEnd() },
  'T19 something else in place of the last newline': { alter: (it) => it.replace(/\n$/, 'x') },
  'T19 junk among the signatures': { alter: (it) => `${it}junk\n` },
  'T19 a signature line without dash': { alter: (it) => it.replaceAll('\u2014', '-') },
  'T19 another end of lines': { alter: (it) => it.replaceAll('\n', '\r\n') },
}

test.each(Object.entries(unreadable))('%s', async (_name, options) => {
  const expected = { code: 'log.checkpoint-malformed', verdict: 'inconclusive', demand } as const
  await attack(v1({}), v1(options), expected)
  await attack(v2({}), v2(options), expected)
})

test('T19 the right name on the line of another log, the wrong one on its own', async () => {
  const other = createLogV2('https://rekor2.authority.test.evil')
  // The other log is trusted too, but this entry says that it stands in ours.
  const both = authority.trustedRoot({ logs: [other] })
  const { key, keyHint } = other.signer
  const byOther = { key, keyHint, name: other.signer.name, origin: other.origin }
  await attack({ ...v2({}), root: both }, { ...v2(byOther), root: both }, { code: 'log.invalid', demand })
})

test('T19 signatures of others before and after change nothing', async () => {
  const extraSignatures = [
    strangeSigner(),
    strangeSigner(rekor.signer.name),
    strangeSigner(rekor2.signer.name, rekor2.signer.keyHint),
  ]
  for (const extraFirst of [true, false]) {
    await expectTrusted(v1({ extraSignatures, extraFirst }))
    await attack(v2({ extraSignatures, extraFirst }), v2({ extraSignatures, extraFirst, key: newKey('ed25519') }), {
      code: 'log.invalid',
      demand,
    })
  }
})

test('L13 signatures by unknown keys are not shown as witnesses, nor counted', async () => {
  const extraSignatures = [strangeSigner('witness.example.test')]
  const subject = await expectTrusted(v1({ extraSignatures }))
  expect(JSON.stringify(subject.findings)).not.toContain('witness.example.test')
  await expectRefused(v1({ extraSignatures, key: newKey() }), { code: 'log.invalid', demand })
  const plain = (await expectTrusted(v1({}))).findings.map(({ code }) => code)
  expect(subject.findings.map(({ code }) => code)).toEqual(plain)
})

test('L17 an origin that is not the address of the log, signed by the log: refused, and said which', async () => {
  const log = createLogV1('https://second.authority.test')
  const signed = () => ({
    evidence: authority.sign({ timestamp: true, logV1: { log } }),
    root: authority.trustedRoot({ logs: [log] }),
  })
  const twin = signed()
  log.origin = 'another.name - 1'
  const subject = await attack(twin, signed(), { code: 'log.invalid', demand })
  expect(subject.findings.find(({ code }) => code === 'log.invalid')?.found).toBe('another.name - 1')
  expect((await judged(v1({}))).findings.find(({ code }) => code === 'log.checkpoint')?.found).toContain(rekor.origin)
})
