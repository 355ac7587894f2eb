import { isDigest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import type { Policy } from '../core/policy.ts'
import { problemOf } from '../core/problem.ts'
import type { Request } from '../core/request.ts'
import { loadConfig } from '../examine/config.ts'
import { keeperOf } from '../examine/keeper.ts'
import { examineRequest } from '../examine/shop.ts'
import { report } from './cause.ts'
import { readFlags } from './flags.ts'
import { policyOfFlags } from './policy-of.ts'

/** Exit code, and what is said to a person. */
export type Conformed = { readonly code: 0 | 1; readonly says?: string }

/**
 * The client of sigstore-conformance (docs/cli_protocol.md), `verify-bundle` only: a translation of its flags into a
 * request. It holds no verification of its own.
 */
export async function conform(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Conformed> {
  try {
    return await verifyBundle(args, env)
  } catch (error) {
    if (error instanceof Fault) return { code: 1, says: problemOf(error).title }
    return { code: 1, says: error instanceof Error ? error.message : 'failed' }
  }
}

async function verifyBundle(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Conformed> {
  const [verb, ...rest] = args
  if (verb !== 'verify-bundle') throw new Error(`only verify-bundle is spoken here, not ${verb ?? 'nothing'}`)
  const { values, positionals } = readFlags(rest, {
    bundle: { type: 'string' },
    'trusted-root': { type: 'string' },
    key: { type: 'string' },
    'certificate-identity': { type: 'string' },
    'certificate-oidc-issuer': { type: 'string' },
    staging: { type: 'boolean' },
    'in-toto': { type: 'boolean' },
  })
  const [artifact] = positionals
  if (artifact === undefined || values.bundle === undefined) throw new Error('verify-bundle --bundle F FILE|sha256:…')
  const policy = await policyOfFlags({ ...values, key: values.key === undefined ? undefined : [values.key] })
  if ('profile' in policy) throw new Error('a key, or an identity and its issuer, must be named')
  const request: Request = {
    subject: isDigest(artifact) ? { digest: artifact } : { file: artifact },
    given: [{ bundle: { path: values.bundle } }],
    policy: withTime(policy, values.key !== undefined) as unknown as Request['policy'],
    offline: true,
    ...(values['trusted-root'] !== undefined && { trust: { root: { path: values['trusted-root'] } } }),
  }
  const keeper = keeperOf(loadConfig(env), env, report)
  const { examined } = await examineRequest(request, { root: process.cwd(), confined: false }, keeper)
  if (examined.answer.verdict === 'trusted') return { code: 0 }
  const reasons = examined.answer.subjects.flatMap(({ findings }) =>
    findings.filter(({ outcome, demand }) => demand !== undefined && outcome === 'fail').map(({ code }) => code),
  )
  return { code: 1, says: `${examined.answer.verdict}: ${[...new Set(reasons)].join(', ')}` }
}

/** The protocol demands a signed time of keys as well. */
const withTime = (policy: Policy, byKey: boolean): Policy =>
  byKey
    ? {
        ...policy,
        requirements: policy.requirements.map((one) => ({ ...one, transparency: { log: 1, sct: 0, time: 1 } })),
      }
    : policy
