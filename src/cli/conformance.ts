import { isDigest } from '../core/digest.ts'
import type { Policy } from '../core/policy.ts'
import type { Request } from '../core/request.ts'
import { report } from './cause.ts'
import { loadConfig } from './config.ts'
import { readFlags } from './flags.ts'
import { keeperOf } from './keeper.ts'
import { policyOfFlags } from './policy-of.ts'
import { examineRequest } from './shop.ts'

/**
 * The client of sigstore-conformance (docs/cli_protocol.md), `verify-bundle` only: a translation of its flags into a
 * request. It holds no verification of its own. Exit code 0 or 1.
 */
async function main(args: readonly string[]): Promise<0 | 1> {
  const [verb, ...rest] = args
  if (verb !== 'verify-bundle') throw new Error(`only verify-bundle is spoken here, not ${verb}`)
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
  const keeper = keeperOf(loadConfig(process.env), process.env, report)
  const { examined } = await examineRequest(request, { root: process.cwd(), confined: false }, keeper)
  if (examined.answer.verdict === 'trusted') return 0
  const reasons = examined.answer.subjects.flatMap(({ findings }) =>
    findings.filter(({ outcome, demand }) => demand !== undefined && outcome === 'fail').map(({ code }) => code),
  )
  process.stderr.write(`${examined.answer.verdict}: ${[...new Set(reasons)].join(', ')}\n`)
  return 1
}

/** The protocol demands a signed time of keys as well. */
const withTime = (policy: Policy, byKey: boolean): Policy =>
  byKey
    ? {
        ...policy,
        requirements: policy.requirements.map((one) => ({ ...one, transparency: { log: 1, sct: 0, time: 1 } })),
      }
    : policy

process.exitCode = 1
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : 'failed'}\n`)
    process.exitCode = 1
  },
)
