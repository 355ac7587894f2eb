import { expect, test } from 'vitest'
import type { Code } from '../../src/core/codes.ts'
import { hasCorpus, judgeRow } from './corpus.ts'
import { codes, decisive } from './harness.ts'

/**
 * The vectors of sigstore-conformance with the code of ours: by attack, the rows that differ in the attacked thing,
 * and the row that they were made from, which is trusted.
 */
const vectors: readonly (readonly [string, string, Readonly<Record<string, Code>>])[] = [
  ['T11 a bundle of the staging instance', 'happy-path-v0.3', { 'bundle-from-wrong-instance_fail': 'log.unknown' }],
  ['T13 a bundle that brings a root', 'happy-path-v0.3', { 'bundle-with-root-cert_fail': 'signature.malformed' }],
  [
    'T14 times outside the certificate, or none',
    'rekor2-happy-path',
    {
      'intoto-set-outside-signing-cert-validity_fail': 'time.outside-certificate',
      'intoto-tsa-timestamp-outside-cert-validity_fail': 'time.outside-certificate',
      'rekor2-no-timestamp_fail': 'time.absent',
      'rekor2-timestamp-outside-tsa-cert-validity_fail': 'time.invalid',
    },
  ],
  [
    'T16 entries of something else',
    'happy-path-v0.3',
    {
      'wrong-hashedrekord-artifact_fail': 'log.entry-mismatch',
      'wrong-hashedrekord-cert-and-sig_fail': 'log.entry-mismatch',
      'wrong-hashedrekord-entry_fail': 'log.entry-mismatch',
      'signature-mismatch_fail': 'log.entry-mismatch',
      'dsse-mismatch-envelope_fail': 'log.entry-mismatch',
      'message-digest-mismatch_fail': 'payload.digest-mismatch',
    },
  ],
  [
    'T19 checkpoints, proofs and promises',
    'rekor2-checkpoint-cosigned',
    {
      'checkpoint-bad-keyhint_fail': 'log.invalid',
      'checkpoint-wrong-roothash_fail': 'log.invalid',
      'invalid-checkpoint-signature_fail': 'log.invalid',
      'inclusion-proof-corrupted-hash_fail': 'log.invalid',
      'set-invalid-signature_fail': 'log.invalid',
      'rekor2-checkpoint-missing-log-signature_fail': 'log.checkpoint-malformed',
      'rekor2-checkpoint-missing-origin_fail': 'log.checkpoint-malformed',
      'rekor2-checkpoint-missing-root-hash_fail': 'log.checkpoint-malformed',
      'rekor2-no-inclusion-proof_fail': 'log.proof-absent',
    },
  ],
  [
    'T20 timestamps of strangers, or over something else',
    'rekor2-timestamp-with-embedded-cert',
    {
      'rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail': 'time.absent',
      'rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail': 'time.absent',
      'rekor2-timestamp-payload-mismatch_fail': 'time.invalid',
      'rekor2-timestamp-outside-trust-root-tsa-validity_fail': 'time.invalid',
    },
  ],
  ['L7 a log without a beginning', 'happy-path-v0.3', { 'trust-root-tlog-missing-validity-start_fail': 'log.unknown' }],
  ['L9 a promise without proof', 'happy-path-v0.3', { 'intoto-missing-inclusion-proof_fail': 'log.proof-absent' }],
  ['L12 no JSON at all', 'happy-path-v0.3', { 'bundle-malformed-json_fail': 'bundle.malformed' }],
]

test.skipIf(!hasCorpus).each(vectors)('%s (sigstore-conformance)', async (_name, good, rows) => {
  expect((await judgeRow(`sigstore-conformance/${good}`)).outcome).toBe('trusted')
  const found: Record<string, string> = {}
  for (const row of Object.keys(rows)) {
    const subject = await judgeRow(`sigstore-conformance/${row}`)
    expect(subject.outcome).not.toBe('trusted')
    found[row] = decisive(subject).code
  }
  expect(found).toEqual(rows)
})

test.skipIf(!hasCorpus)('L16 provenance of images whose entries are intoto 0.0.1 (slsa-verifier)', async () => {
  const row = (name: string) => judgeRow(`slsa-verifier/gha_generic_container/v1.4.0/${name}`)
  const good = await row('valid-main-branch-default')
  expect(good.outcome).toBe('trusted')
  expect(codes(good, '/requirements/0/transparency/log')).toEqual(['pass log.counted'])
  const wrong = await row('wrong-source-prepend-a')
  expect(wrong.outcome).toBe('rejected')
  expect(codes(wrong, '/requirements/0/transparency/log')).toEqual(['pass log.counted'])
})
