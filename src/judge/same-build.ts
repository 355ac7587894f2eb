import type { Finding } from '../core/finding.ts'
import type { Policy } from '../core/policy.ts'
import type { Inputs } from '../core/verdict.ts'
import { note } from './note.ts'
import type { JudgedRequirement } from './requirement.ts'

/**
 * T96: requirements whose candidates must come from one build. Met where some commit (or run) is that of a candidate of
 * each; open where one of them was not met at all, which that requirement says already.
 */
export function sameBuildFindings(
  policy: Policy,
  judged: ReadonlyMap<string, JudgedRequirement>,
  inputs: Inputs,
): readonly Finding[] {
  return (policy.sameBuild ?? []).map(({ of, by }, i) => {
    const demand = `/sameBuild/${i}`
    const parts = of.flatMap((id) => judged.get(id) ?? [])
    const say = (outcome: Finding['outcome'], code: Finding['code'], more: Partial<Finding> = {}): Finding =>
      note(inputs, { check: 'sameBuild', code, outcome, demand, ...more })
    if (parts.some(({ applies }) => !applies)) return say('not-applicable', 'demand.not-evaluated')
    if (parts.some(({ met }) => met.length === 0)) return say('error', 'provenance.not-evaluated')
    const builds = parts.map(({ met }) => [...new Set(met.flatMap(({ source }) => source[by] ?? []))].sort())
    const [first = [], ...others] = builds
    const common = first.find((build) => others.every((list) => list.includes(build)))
    if (common !== undefined) return say('pass', 'provenance.one-build', { basis: 'cryptographic', found: common })
    return say('fail', 'provenance.builds-differ', {
      basis: 'cryptographic',
      expected: `one ${by} for ${of.join(' and ')}`,
      found: builds.map((list) => list.join(', ') || 'none').join(' | '),
    })
  })
}
