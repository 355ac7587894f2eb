import { readFileSync } from 'node:fs'
import { Fault } from '../core/fault.ts'
import { readPublicKey } from '../core/keys.ts'
import type { Policy, Signer } from '../core/policy.ts'
import { usage } from './flags.ts'
import { policyFromFile } from './policy-file.ts'

/** Flags that name a policy, or together are one, in cosign's spelling. */
export type PolicyFlags = {
  readonly policy?: string | undefined
  readonly profile?: string | undefined
  readonly key?: readonly string[] | undefined
  readonly 'certificate-identity'?: string | undefined
  readonly 'certificate-identity-regexp'?: string | undefined
  readonly 'certificate-oidc-issuer'?: string | undefined
  readonly annotations?: readonly string[] | undefined
  readonly 'insecure-ignore-tlog'?: boolean | undefined
  readonly 'private-infrastructure'?: boolean | undefined
}

/** The `policy` of a request. Nothing named: the profile that speaks of the image, or `policy.missing`. */
export async function policyOfFlags(flags: PolicyFlags): Promise<{ readonly profile: string } | Policy> {
  const { policy, profile } = flags
  const own = fromCosignFlags(flags)
  const named = [
    policy !== undefined && '--policy',
    profile !== undefined && '--profile',
    own !== undefined && 'flags of cosign',
  ].filter((name) => name !== false)
  if (named.length > 1) throw usage(`Give one of ${named.join(' and ')}, not both.`)
  // The document as its author wrote it: that is what its digest names.
  if (policy !== undefined)
    return JSON.parse(Buffer.from((await policyFromFile(policy)).sealed.bytes).toString('utf8')) as Policy
  return own ?? { profile: profile ?? 'auto' }
}

/** The one who signs, in cosign's spelling; undefined where no flag speaks of one. */
export function signerOfFlags(flags: PolicyFlags): Signer | undefined {
  const identity = flags['certificate-identity']
  const pattern = flags['certificate-identity-regexp']
  const issuer = flags['certificate-oidc-issuer']
  const { key: keys } = flags
  if (keys === undefined && identity === undefined && pattern === undefined && issuer === undefined) return undefined
  if (keys !== undefined && (identity ?? pattern ?? issuer) !== undefined)
    throw usage('Give either --key or --certificate-identity with --certificate-oidc-issuer.')
  if (keys === undefined && (issuer === undefined || (identity === undefined) === (pattern === undefined)))
    throw usage(
      'A keyless signer is named by --certificate-oidc-issuer and one of --certificate-identity and --certificate-identity-regexp.',
    )
  return keys !== undefined
    ? { keys: keys.map((file) => ({ key: { base64: readKey(file).toString('base64') } })) }
    : {
        issuer: issuer ?? '',
        identity: identity !== undefined ? { is: identity } : { matches: pattern ?? '', loose: true as const },
      }
}

function fromCosignFlags(flags: PolicyFlags): Policy | undefined {
  const signer = signerOfFlags(flags)
  const annotations = annotationsOf(flags.annotations)
  const noLog = flags['insecure-ignore-tlog'] === true || flags['private-infrastructure'] === true
  if (signer === undefined) {
    if (annotations !== undefined || noLog)
      throw usage('-a and --insecure-ignore-tlog belong to --key or --certificate-identity.')
    return undefined
  }
  return {
    schema: 'urn:meshproof:policy:v1',
    name: 'flags',
    requirements: [
      {
        id: 'flags',
        candidate: 'signature',
        signer,
        ...(noLog && { transparency: { log: 0 } }),
        ...(annotations !== undefined && { annotations }),
      },
    ],
  }
}

function annotationsOf(pairs: readonly string[] | undefined): Readonly<Record<string, string>> | undefined {
  if (pairs === undefined) return undefined
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw usage(`-a ${pair} is not key=value.`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

function readKey(file: string): Buffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    throw new Fault('request.path-not-found', { parameters: { found: file }, cause })
  }
  const key = readPublicKey(bytes)
  if (typeof key === 'string') throw usage(`--key ${file}: ${key}.`)
  return bytes
}
