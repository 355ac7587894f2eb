import type { Policy } from '../core/policy.ts'
import type { Request } from '../core/request.ts'
import { parseBuilder } from '../verify/provenance/builders.ts'
import { isVersionedTag } from '../verify/provenance/hold-source.ts'
import { parseSource } from '../verify/provenance/source.ts'
import { usage } from './flags.ts'
import { type PolicyFlags, policyOfFlags } from './policy-of.ts'

/** Flags of slsa-verifier, in its spelling. */
export const slsaFlags = {
  'source-uri': { type: 'string' },
  'source-tag': { type: 'string' },
  'source-versioned-tag': { type: 'string' },
  'source-branch': { type: 'string' },
  'builder-id': { type: 'string' },
  'build-workflow-input': { type: 'string', multiple: true },
} as const

export type SlsaFlags = {
  readonly [K in Exclude<keyof typeof slsaFlags, 'build-workflow-input'>]?: string | undefined
} & {
  readonly 'build-workflow-input'?: readonly string[] | undefined
}

/** What all flags together say is demanded: those of slsa-verifier, or what the other verbs know. */
export async function policyOfAllFlags(flags: SlsaFlags & PolicyFlags): Promise<Request['policy']> {
  const own = policyOfSlsaFlags(flags)
  const others = [flags.policy, flags.profile, flags.key, flags['certificate-oidc-issuer']]
  if (own === undefined) return (await policyOfFlags(flags)) as Request['policy']
  if (others.some((value) => value !== undefined))
    throw usage('Give --policy or --profile, or a signer, or flags of slsa-verifier, not both.')
  return own as Request['policy']
}

/** What these flags demand, as a policy; undefined where none of them was given. */
function policyOfSlsaFlags(flags: SlsaFlags): Policy | undefined {
  const names = Object.keys(slsaFlags) as (keyof SlsaFlags)[]
  const given = names.filter((name) => flags[name] !== undefined)
  const uri = flags['source-uri']
  if (given.length === 0) return undefined
  if (uri === undefined) throw usage(`--${given[0]} needs --source-uri beside it.`)
  if (parseSource(uri) === undefined)
    throw usage(`--source-uri takes a repository such as github.com/Kong/kong-mesh, not ${uri}.`)
  const [tag, versionedTag, branch] = [flags['source-tag'], flags['source-versioned-tag'], flags['source-branch']]
  if (tag !== undefined && versionedTag !== undefined)
    throw usage('Give --source-tag or --source-versioned-tag, not both.')
  if (versionedTag !== undefined && !isVersionedTag(versionedTag))
    throw usage(`--source-versioned-tag takes v1, v1.2 or v1.2.3, not ${versionedTag}; --source-tag takes any tag.`)
  const builder = flags['builder-id'] ?? 'trusted'
  if (builder !== 'trusted' && parseBuilder(builder) === undefined)
    throw usage(
      `--builder-id takes the address of a workflow, such as https://github.com/OWNER/REPOSITORY/.github/workflows/FILE, not ${builder}.`,
    )
  const inputs = inputsOf(flags['build-workflow-input'])
  return {
    schema: 'urn:meshproof:policy:v1',
    name: 'flags',
    requirements: [
      {
        id: 'flags',
        candidate: 'attestation',
        signer: { builder },
        provenance: {
          source: {
            uri,
            ...(tag !== undefined && { tag }),
            ...(versionedTag !== undefined && { versionedTag }),
            ...(branch !== undefined && { branch }),
          },
          ...(inputs !== undefined && { inputs }),
        },
      },
    ],
  }
}

function inputsOf(pairs: readonly string[] | undefined): Readonly<Record<string, string>> | undefined {
  if (pairs === undefined) return undefined
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw usage(`--build-workflow-input ${pair} is not key=value.`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
