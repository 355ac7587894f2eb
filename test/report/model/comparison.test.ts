import { expect, test } from 'vitest'
import type { SubjectAnswer } from '../../../src/core/request.ts'
import { compareVerdicts } from '../../../src/report/model/comparison.ts'
import { rejected, trusted, unreachable } from '../answers.ts'

const first = ({ subjects: [one] }: { readonly subjects: readonly SubjectAnswer[] }): SubjectAnswer => {
  if (one === undefined) throw new Error('no subject')
  return one
}

test('a verdict does not differ from itself', () => {
  const { isOneArtifact, inputs, requirements } = compareVerdicts(first(trusted), first(trusted))
  expect(isOneArtifact).toBe(true)
  expect(inputs.some(({ differs }) => differs)).toBe(false)
  expect(requirements.length).toBeGreaterThan(0)
  expect(requirements.some(({ differs, demands }) => differs || demands.some((one) => one.differs))).toBe(false)
})

test('where two part: the requirement, the demands behind it, and what each side says', () => {
  const { a, b, requirements } = compareVerdicts(first(trusted), first(rejected))
  expect([a.outcome, b.outcome]).toEqual(['trusted', 'rejected'])
  const parted = requirements.find(({ what }) => what.startsWith('Requirement'))
  expect(parted).toMatchObject({ differs: true, a: { state: 'pass' }, b: { state: 'fail' } })
  const demands = parted?.demands.filter(({ differs }) => differs) ?? []
  expect(demands.length).toBeGreaterThan(0)
  expect(demands.every((one) => JSON.stringify(one.a) !== JSON.stringify(one.b))).toBe(true)
  expect(demands.length).toBeLessThan(parted?.demands.length ?? 0)
})

test('it is the same whichever comes first', () => {
  const there = compareVerdicts(first(rejected), first(unreachable))
  const back = compareVerdicts(first(unreachable), first(rejected))
  const story = ({ requirements }: typeof there) => requirements.map(({ what, differs }) => `${what} ${differs}`).sort()
  expect(story(back)).toEqual(story(there))
})

test('what only one of them was asked or has is not there in the other', () => {
  const one = first(trusted)
  const { requirements } = compareVerdicts(one, { ...one, findings: [] })
  for (const { a, b, differs } of requirements) expect([a !== undefined, b, differs]).toEqual([true, undefined, true])
})
