/** The documents that go over a wire or onto a disk, byte for byte, made from evidence that was stored once. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canonicalJson, type Json } from '../../src/core/json.ts'
import { sealInputs, sealVerdict } from '../../src/core/verdict.ts'
import { readRequest } from '../../src/examine/prepare.ts'
import { examineGolden, folder, request } from './request.ts'

async function examined() {
  const { examination, examined: done } = await examineGolden({ meshproof: 'golden' })
  return { ...done, policy: examination.policy }
}

/** A shape that changes is a decision of its own: docs/decisions. Then `vitest run test/golden -u`. */
const golden = (name: string) => join(folder, `${name}.json`)
const pretty = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`
const exact = (value: unknown) => canonicalJson(value as Json)

test('answer', async () => {
  const { answer } = await examined()
  expect(answer.subjects.map(({ outcome }) => outcome)).toEqual(['trusted', 'trusted', 'rejected'])
  await expect(pretty(answer)).toMatchFileSnapshot(golden('answer'))
})

test('verdict and inputs, each named by the digest of its bytes', async () => {
  const { answer, verdicts } = await examined()
  const [, member] = verdicts
  if (member === undefined) throw new Error('three subjects')
  const { verdict, inputs } = member
  await expect(exact(verdict)).toMatchFileSnapshot(golden('verdict'))
  await expect(exact(inputs)).toMatchFileSnapshot(golden('inputs'))
  expect(answer.subjects[1]?.verdictId).toBe(sealVerdict(verdict).digest)
  expect(verdict.inputs).toBe(sealInputs(inputs).digest)
})

test('evidence set and policy, named by the inputs', async () => {
  const { evidence, policy, verdicts } = await examined()
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')
  await expect(text(evidence.bytes)).toMatchFileSnapshot(golden('evidence-set'))
  await expect(text(policy.sealed.bytes)).toMatchFileSnapshot(golden('policy'))
  for (const { inputs } of verdicts)
    expect([inputs.evidence, inputs.policy]).toEqual([evidence.digest, policy.sealed.digest])
})

test('request: what is not its shape is refused, with its place', () => {
  expect(readRequest(request)).toEqual(request)
  for (const [changes, place] of [
    [{ extra: 1 }, 'request'],
    [{ subject: { image: 'a', file: 'b' } }, 'subject'],
    [{ subject: {} }, 'subject'],
    [{ given: [{ bundle: { base64: 'QQ' } }] }, 'given.0'],
    [{ given: [{ layout: 'x', bundle: { base64: '' } }] }, 'given.0'],
    [{ policy: { requirement: [] } }, 'policy'],
    [{ trust: { root: 'x' } }, 'trust'],
    [{ at: 'yesterday' }, 'at'],
    [{ at: '2026-02-30T00:00:00Z' }, 'at'],
    [{ offline: 'yes' }, 'offline'],
    [{ platform: 1 }, 'platform'],
    [{ id: 'x'.repeat(1025) }, 'id'],
  ] as const)
    expect(() => readRequest({ ...request, ...changes }), JSON.stringify(changes)).toThrow(
      expect.objectContaining({
        code: 'request.malformed',
        parameters: { found: expect.stringContaining(place) as string },
      }) as Error,
    )
})
