import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { Fault } from '../core/fault.ts'
import { limits } from '../core/limits.ts'
import { describe, type PolicyText, readPolicyText } from '../examine/policy-text.ts'
import type { LoadedPolicy } from '../policy/read.ts'

/** Reads a policy document, YAML or JSON; paths of keys are relative to the file. */
export const readPolicyFile = (file: string): Promise<PolicyText> =>
  readPolicyText(readText(file), { root: dirname(resolve(file)), confined: false })

/** For verbs that need the policy and nothing else: the first problem, with its line and column. */
export async function policyFromFile(file: string): Promise<LoadedPolicy> {
  const read = await readPolicyFile(file)
  if ('loaded' in read) return read.loaded
  const [first] = read.problems
  throw new Fault('policy.malformed', {
    parameters: { found: first === undefined ? file : describe(basename(file), first) },
  })
}

function readText(file: string): string {
  try {
    if (statSync(file).size > limits.policyBytes)
      throw new Fault('request.too-large', { parameters: { expected: String(limits.policyBytes), found: file } })
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('request.path-not-found', { parameters: { found: file }, cause })
  }
}
