import type { KeyObject } from 'node:crypto'
import type { z } from 'zod'
import { type Digest, digestOf } from '../core/digest.ts'
import { type Json, parseJson, type Sealed, seal } from '../core/json.ts'
import { readPublicKey } from '../core/keys.ts'
import { limits } from '../core/limits.ts'
import { pointerOf } from '../core/pointer.ts'
import { isKeys, type Policy } from '../core/policy.ts'
import { policySchema } from './schema.ts'

/** Why a policy does not load: where (JSON pointer) and what. */
export type PolicyProblem = { readonly pointer: string; readonly message: string }
export type LoadedPolicy = { readonly policy: Policy; readonly sealed: Sealed }

/** From a plain value (parsed YAML or JSON, paths already replaced by bytes) to a policy and its canonical document. */
export function loadPolicy(value: unknown): LoadedPolicy | { readonly problems: readonly PolicyProblem[] } {
  const hidden = hiddenKey(value)
  if (hidden !== undefined) return { problems: [{ pointer: hidden, message: 'unknown key' }] }
  const checked = policySchema.safeParse(value)
  if (!checked.success) return { problems: checked.error.issues.flatMap(deepest).slice(0, 20) }
  const policy = checked.data as Policy
  const problems = keyProblems(policy)
  if (problems.length > 0) return { problems }
  try {
    return { policy, sealed: seal(value as Json) }
  } catch {
    return { problems: [{ pointer: '', message: 'holds text or numbers that have no canonical form' }] }
  }
}

const parsed = new Map<Digest, Policy>()

/** A stored document of ours, by its digest; read once. */
export function policyOf(digest: Digest, bytes: Uint8Array): Policy | undefined {
  const known = parsed.get(digest)
  if (known !== undefined) return known
  const json = parseJson(bytes, limits.jsonDepth)
  const loaded = 'problem' in json ? undefined : loadPolicy(json.value)
  if (loaded === undefined || 'problems' in loaded) return undefined
  if (parsed.size > 256) parsed.clear()
  parsed.set(digest, loaded.policy)
  return loaded.policy
}

/** T79: the schema passes over `__proto__` without a word, so a demand of that name would be dropped. Its pointer. */
function hiddenKey(value: unknown, at: readonly string[] = []): string | undefined {
  if (typeof value !== 'object' || value === null || at.length > limits.jsonDepth) return undefined
  if (Object.hasOwn(value, '__proto__')) return pointerOf([...at, '__proto__'])
  for (const [key, member] of Object.entries(value)) {
    const found = hiddenKey(member, [...at, key])
    if (found !== undefined) return found
  }
  return undefined
}

type Issue = z.core.$ZodIssue

/** For a union the most telling branch: the one that got furthest into the document. */
function deepest(issue: Issue): readonly PolicyProblem[] {
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branches = issue.errors.map((errors) =>
      errors.flatMap((inner) => deepest({ ...inner, path: [...issue.path, ...inner.path] } as Issue)),
    )
    const depth = (problems: readonly PolicyProblem[]) =>
      Math.max(0, ...problems.map(({ pointer }) => pointer.split('/').length)) * 100 - problems.length
    return branches.reduce((a, b) => (depth(b) > depth(a) ? b : a))
  }
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ pointer: pointerOf([...issue.path, key]), message: 'unknown key' }))
  return [{ pointer: pointerOf(issue.path), message: issue.message }]
}

/** T93: a key is a key on the curve, one a value; a broken rule never looks like a broken artifact. */
function keyProblems(policy: Policy): readonly PolicyProblem[] {
  return policy.requirements.flatMap(({ signer, threshold = 1 }, i) => {
    if (!isKeys(signer)) return []
    const read = signer.keys.map(({ key }) => readPublicKey(Buffer.from(key.base64, 'base64')))
    const problems = read.flatMap((key, k) =>
      typeof key === 'string' ? [{ pointer: `/requirements/${i}/signer/keys/${k}/key`, message: key }] : [],
    )
    // T18: a key is one key in whatever form and however often it stands there.
    const distinct = new Set(read.map((key) => (typeof key === 'string' ? key : digestOf(spkiOf(key))))).size
    return problems.length > 0 || distinct >= threshold
      ? problems
      : [
          {
            pointer: `/requirements/${i}/threshold`,
            message: `more than one needs as many keys; here stand ${distinct}`,
          },
        ]
  })
}

const spkiOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' })

/** Words for what loads but may not mean what its author thinks (T93, F-038). */
export function policyWarnings(policy: Policy): readonly PolicyProblem[] {
  return policy.requirements.flatMap((requirement, i) => {
    const warnings: PolicyProblem[] = []
    const at = `/requirements/${i}`
    if ((requirement.predicateType?.length ?? 0) > 1)
      warnings.push({ pointer: `${at}/predicateType`, message: 'one of these types is enough' })
    if ((requirement.provenance?.trigger?.length ?? 0) > 1)
      warnings.push({ pointer: `${at}/provenance/trigger`, message: 'one of these is enough' })
    const { signer, threshold = 1 } = requirement
    if (isKeys(signer) && signer.keys.length > threshold)
      warnings.push({
        pointer: `${at}/signer/keys`,
        message: threshold === 1 ? 'one of these is enough' : `${threshold} of these are enough`,
      })
    if ('identity' in signer && 'matches' in signer.identity && signer.identity.loose === true)
      warnings.push({
        pointer: `${at}/signer/identity/loose`,
        message: 'the pattern is searched anywhere in the name: anything may stand before and after it',
      })
    return warnings
  })
}
