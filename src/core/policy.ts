import type { ExtensionName } from './certificate-extensions.ts'
import type { Digest } from './digest.ts'
import type { Name } from './reference.ts'

/** The one policy document, as every room sees it after `policy/` has read it. Shapes: "Policy: requirement, demand, candidate". */
export type Policy = {
  readonly schema: 'urn:meshproof:policy:v1'
  readonly name: string
  readonly confirmed?: 'unconfirmed' | { readonly release: string; readonly pack: Digest; readonly date: string }
  readonly images?: readonly PolicyImage[]
  readonly inherit?: readonly ('signature' | 'attestation')[]
  readonly recheck?: string
  readonly trust?: { readonly root?: Digest; readonly maxAge?: string }
  readonly sameBuild?: readonly { readonly of: readonly string[]; readonly by: 'commit' | 'run' }[]
  /** Programs of an installation, each compared with the archive's member of that name where one was measured (SC-11). */
  readonly installed?: readonly InstalledProgram[]
  readonly requirements: readonly Requirement[]
}

export type InstalledProgram = { readonly id: string; readonly program: string }

export type PolicyImage = {
  readonly name: Name
  readonly signatures?: Name
  readonly twinOf?: Name
  readonly signed?: 'no'
  readonly note?: string
}

export type CandidateKind = 'signature' | 'attestation'

export type Requirement = {
  readonly id: string
  readonly candidate: CandidateKind
  readonly signer: Signer
  readonly threshold?: number
  readonly transparency?: {
    readonly log?: number
    readonly sct?: number
    readonly time?: number
    readonly proof?: boolean
  }
  readonly annotations?: Readonly<Record<string, string | AnnotationFromCertificate>>
  readonly reference?: string
  readonly predicateType?: readonly string[]
  readonly provenance?: Provenance
  readonly vsa?: SummaryDemands
  readonly from?: string
}

export type AnnotationFromCertificate = { readonly certificate: ExtensionName; readonly optional?: true }

export type Provenance = {
  readonly source?: {
    readonly uri: string
    /** Exact; `{release: true}`: the release that was asked, with `v` or without. */
    readonly tag?: string | { readonly release: true }
    readonly versionedTag?: string
    readonly branch?: string
  }
  readonly trigger?: readonly string[]
  readonly workflow?: string
  readonly inputs?: Readonly<Record<string, string>>
  readonly fileName?: 'demanded'
}

/** What another verifier's summary (VSA) must say; that it passed is always demanded. */
export type SummaryDemands = {
  /** Exact. Whoever signs is bound to it by standing in the same requirement. */
  readonly verifier: string
  readonly resource: string
  /** A SLSA level is the least of its track; any other word must stand there. */
  readonly levels?: readonly string[]
  readonly policy?: { readonly uri?: string; readonly digest?: Digest }
  readonly maxAge?: string
}

export type Signer = Keyless | Keys | Builder
export type Keyless = {
  readonly issuer: string
  readonly identity: Identity
  readonly certificate?: Readonly<Partial<Record<ExtensionName, string>>>
}
export type Keys = {
  readonly keys: readonly {
    readonly key: { readonly base64: string }
    readonly hash?: 'sha256' | 'sha384' | 'sha512'
    /** What the envelope must call its key; nobody signs it, so it can only refuse. */
    readonly id?: string
  }[]
}
export type Builder = { readonly builder: string }

export type Identity = { readonly is: string } | IdentityParts | { readonly matches: string; readonly loose?: true }

export type IdentityParts = {
  readonly host: string
  readonly owner: string
  readonly repository: string
  readonly workflow: string
  readonly ref?: { readonly tag: string } | { readonly branch: string } | 'release-tag'
}

/** Pointers of what is demanded of a summary, below its requirement. */
export const summaryPlaces = (demands: SummaryDemands): readonly string[] => [
  '/vsa',
  ...(['verifier', 'resource', 'levels', 'policy', 'maxAge'] as const)
    .filter((name) => demands[name] !== undefined)
    .map((name) => `/vsa/${name}`),
]

export const isKeyless = (signer: Signer): signer is Keyless => 'identity' in signer
export const isKeys = (signer: Signer): signer is Keys => 'keys' in signer

/** Counts that hold where the policy says nothing: keyless 1/1/1, keys 1/0/0. */
export function transparencyOf(requirement: Requirement): { log: number; sct: number; time: number; proof: boolean } {
  const defaults = isKeys(requirement.signer) ? { log: 1, sct: 0, time: 0 } : { log: 1, sct: 1, time: 1 }
  return { proof: false, ...defaults, ...requirement.transparency }
}

/** Whether a policy's verdict can depend on a trusted root at all: own keys without log and times need none. */
export const readsTrust = (policy: Policy): boolean =>
  policy.requirements.some((requirement) => {
    const { log, sct, time } = transparencyOf(requirement)
    return !isKeys(requirement.signer) || log + sct + time > 0
  })
