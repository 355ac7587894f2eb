import type { Policy } from '../src/core/policy.ts'
import { type LoadedPolicy, loadPolicy } from '../src/policy/read.ts'

export function parsePolicy(requirement: Policy['requirements'][number]): LoadedPolicy {
  const loaded = loadPolicy({ schema: 'urn:meshproof:policy:v1', name: 'bench', requirements: [requirement] })
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
  return loaded
}
