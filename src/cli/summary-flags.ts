import { isKeys, type Keys, type Policy, type Signer, type SummaryDemands } from '../core/policy.ts'
import { readLevels } from '../core/slsa-level.ts'
import { parseDuration } from '../core/time.ts'
import { usage } from './flags.ts'
import { signerOfFlags } from './policy-of.ts'

/** What a summary must say and who may sign it, in our spelling and in that of slsa-verifier's `verify-vsa`. */
export const summaryFlags = {
  'verifier-id': { type: 'string' },
  'resource-uri': { type: 'string' },
  'verified-level': { type: 'string', multiple: true },
  'verified-levels': { type: 'string', multiple: true },
  'max-age': { type: 'string' },
  key: { type: 'string', multiple: true },
  'public-key-path': { type: 'string', multiple: true },
  'public-key-id': { type: 'string' },
  'public-key-hash-algo': { type: 'string' },
  'certificate-identity': { type: 'string' },
  'certificate-identity-regexp': { type: 'string' },
  'certificate-oidc-issuer': { type: 'string' },
} as const

type Many = 'verified-level' | 'verified-levels' | 'key' | 'public-key-path'
export type SummaryFlags = { readonly [K in Exclude<keyof typeof summaryFlags, Many>]?: string | undefined } & {
  readonly [K in Many]?: readonly string[] | undefined
}

/** What these flags demand, as a policy; undefined where none of them was given. */
export function policyOfSummaryFlags(flags: SummaryFlags): Policy | undefined {
  const given = (Object.keys(summaryFlags) as (keyof SummaryFlags)[]).filter((name) => flags[name] !== undefined)
  if (given.length === 0) return undefined
  const signer = signerOf(flags)
  return {
    schema: 'urn:meshproof:policy:v1',
    name: 'flags',
    requirements: [
      {
        id: 'flags',
        candidate: 'attestation',
        signer,
        // A verifier's own key is kept where no log is: slsa-verifier asks none either. A policy can.
        ...(isKeys(signer) && { transparency: { log: 0 } }),
        vsa: demandsOf(flags),
      },
    ],
  }
}

function demandsOf(flags: SummaryFlags): SummaryDemands {
  const { 'verifier-id': verifier, 'resource-uri': resource, 'max-age': maxAge } = flags
  if (verifier === undefined || verifier === '' || resource === undefined || resource === '')
    throw usage('Whose summary, of what? Give --verifier-id URI and --resource-uri URI.')
  const levels = [...(flags['verified-level'] ?? []), ...(flags['verified-levels'] ?? [])]
    .flatMap((list) => list.split(','))
    .filter((level) => level !== '')
  const read = readLevels(levels)
  if ('problem' in read)
    throw usage(`--verified-level takes SLSA_BUILD_LEVEL_3 and the like, one of each track, not ${read.problem}.`)
  if (maxAge !== undefined && parseDuration(maxAge) === undefined)
    throw usage(`--max-age takes a duration such as P7D or PT12H, not ${maxAge}.`)
  return { verifier, resource, ...(levels.length > 0 && { levels }), ...(maxAge !== undefined && { maxAge }) }
}

function signerOf(flags: SummaryFlags): Signer {
  const files = [...(flags.key ?? []), ...(flags['public-key-path'] ?? [])]
  const signer = signerOfFlags({ ...flags, key: files.length > 0 ? files : undefined })
  const { 'public-key-id': id, 'public-key-hash-algo': named } = flags
  if (signer === undefined)
    throw usage('Who may sign it? Give --key FILE, or --certificate-identity with --certificate-oidc-issuer.')
  if (!isKeys(signer)) {
    if ((id ?? named) !== undefined) throw usage('--public-key-id and --public-key-hash-algo belong to --key.')
    return signer
  }
  const hash = named?.toLowerCase().replace('-', '')
  if (hash !== undefined && !isHash(hash))
    throw usage(`--public-key-hash-algo takes SHA256, SHA384 or SHA512, not ${named}.`)
  return {
    keys: signer.keys.map((key) => ({ ...key, ...(hash !== undefined && { hash }), ...(id !== undefined && { id }) })),
  }
}

type Hash = NonNullable<Keys['keys'][number]['hash']>
const isHash = (text: string): text is Hash => ['sha256', 'sha384', 'sha512'].includes(text)
