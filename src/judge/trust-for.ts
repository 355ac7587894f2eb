import { type Digest, digestOf } from '../core/digest.ts'
import type { Finding } from '../core/finding.ts'
import type { Limits } from '../core/limits.ts'
import { type Policy, readsTrust } from '../core/policy.ts'
import { parseDuration, parseTime } from '../core/time.ts'
import type { Inputs } from '../core/verdict.ts'
import { noTrust, parseTrustedRoot, type Trust } from '../verify/trust/trusted-root.ts'
import type { BytesOf } from './evidence-view.ts'
import { note } from './note.ts'

export type TrustForPolicy = {
  readonly trust: Trust
  /** Why requirements that read trust cannot be judged: final for this input. */
  readonly problem: Pick<Finding, 'code' | 'expected' | 'found'> | undefined
  readonly boundaries: readonly number[]
  readonly notes: (inputs: Inputs) => readonly Finding[]
}

const roots = new Map<Digest, Trust | { readonly problem: string }>()

/** The trust that a policy may read, or why it cannot be used. */
export function trustFor(inputs: Inputs, policy: Policy, bytes: BytesOf, at: number, limits: Limits): TrustForPolicy {
  const none = (problem: TrustForPolicy['problem'], boundaries: readonly number[] = []): TrustForPolicy => ({
    trust: noTrust,
    problem,
    boundaries,
    notes: () => [],
  })
  if (!readsTrust(policy)) return none(undefined)
  if (inputs.trust === null) return none({ code: 'trust.unavailable' })
  if (policy.trust?.root !== undefined && policy.trust.root !== inputs.trust)
    return none({ code: 'trust.other-root', expected: policy.trust.root, found: inputs.trust }) // T11
  const root = readRoot(inputs.trust, bytes, limits)
  if (root === undefined) return none({ code: 'trust.unavailable' })
  if ('problem' in root) return none({ code: 'trust.malformed', found: root.problem.slice(0, 200) })
  const age = policy.trust?.maxAge
  const ends =
    age === undefined
      ? undefined
      : (parseTime(inputs.trustAsOf ?? '') ?? Number.NEGATIVE_INFINITY) + (parseDuration(age) ?? 0)
  const boundaries = ends === undefined || !Number.isFinite(ends) ? [] : [ends]
  if (ends !== undefined && at >= ends)
    return none({ code: 'trust.stale', expected: age ?? '', found: inputs.trustAsOf ?? 'unknown' }, boundaries) // T69
  return {
    trust: root,
    problem: undefined,
    boundaries,
    notes: (given) => root.unused.map((found) => note(given, { check: 'trust', code: 'trust.entry-unusable', found })),
  }
}

function readRoot(digest: Digest, bytes: BytesOf, limits: Limits): Trust | { readonly problem: string } | undefined {
  const known = roots.get(digest)
  if (known !== undefined) return known
  const document = bytes(digest)
  if (document === undefined) return undefined
  if (digestOf(document) !== digest) throw new Error(`bytes of ${digest} have another digest`)
  const root = parseTrustedRoot(document, limits.jsonDepth)
  if (roots.size > 32) roots.clear()
  roots.set(digest, root)
  return root
}
