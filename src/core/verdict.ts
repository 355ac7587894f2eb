import type { Digest } from './digest.ts'
import type { Finding, Subject } from './finding.ts'
import { type Json, type Sealed, seal } from './json.ts'
import type { Name } from './reference.ts'
import type { Time } from './time.ts'

/** Raised whenever any decision can change (shapes: Inputs and verdict). */
export const rules = 1

export type VerdictOutcome = 'trusted' | 'rejected' | 'inconclusive'

export type AskedOf = {
  readonly as?: string
  readonly name?: Name | string
  readonly version?: string
  readonly root?: Digest
  /** Only where the request named a platform that the image does not have. */
  readonly platform?: string
  readonly digests?: { readonly sha384?: string; readonly sha512?: string }
  /** Programs on disk, measured by the shell; there where they are to be compared with the archive. */
  readonly installed?: readonly InstalledFile[]
}

/** `at`: the path below the folder that was named; never a path of a machine. */
export type InstalledFile = { readonly program: string; readonly at: string; readonly digest: Digest }

/** The one value that a verdict depends on; built by one function, hashed by one. */
export type Inputs = {
  readonly schema: 'urn:meshproof:inputs:v1'
  readonly subject: Subject
  readonly asked: AskedOf
  readonly evidence: Digest
  readonly trust: Digest | null
  readonly trustAsOf?: Time
  readonly policy: Digest
  readonly waivers: Digest
  readonly rules: number
}

export type Holds = { readonly from: Time | null; readonly until: Time | null }

export type Verdict = {
  readonly schema: 'urn:meshproof:verdict:v1'
  readonly inputs: Digest
  readonly subject: Subject
  readonly outcome: VerdictOutcome
  readonly holds: Holds
  readonly findings: readonly Finding[]
}

export const makeInputs = (parts: Omit<Inputs, 'schema' | 'rules'>): Inputs => ({
  schema: 'urn:meshproof:inputs:v1',
  ...parts,
  rules,
})
export const sealInputs = (inputs: Inputs): Sealed => seal(inputs as unknown as Json)
export const sealVerdict = (verdict: Verdict): Sealed => seal(verdict as unknown as Json)

const rank: Record<VerdictOutcome, number> = { trusted: 0, inconclusive: 1, rejected: 2 }

/** A request's verdict is the worst of its subjects; nothing judged proves nothing. */
export const worst = (outcomes: readonly VerdictOutcome[]): VerdictOutcome =>
  outcomes.length === 0 ? 'inconclusive' : outcomes.reduce((a, b) => (rank[b] > rank[a] ? b : a))

/** The document of waivers that everybody has who has none. */
export const noWaivers: Sealed = seal({ schema: 'urn:meshproof:waivers:v1', waivers: [] })
