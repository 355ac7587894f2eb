/** What every attack needs: an authority of its own, a policy that fits it, and one way from evidence to an answer. */
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { Code } from '../../src/core/codes.ts'
import type { ArtifactDigests, Digest } from '../../src/core/digest.ts'
import type { Finding } from '../../src/core/finding.ts'
import { limits } from '../../src/core/limits.ts'
import type { Given, SubjectAnswer, VerdictAnswer } from '../../src/core/request.ts'
import type { VerdictOutcome } from '../../src/core/verdict.ts'
import { memoryStore } from '../../src/evidence/store/memory.ts'
import { withoutDownloads } from '../../src/examine/downloaded.ts'
import { type ExaminedSubject, offline } from '../../src/examine/examination.ts'
import { examine } from '../../src/examine/examine.ts'
import { prepare, readRequest } from '../../src/examine/prepare.ts'
import { createAuthority } from '../authority/authority.ts'
import type { BundleJson } from '../authority/bundle.ts'
import { type LegacySignature, signatureManifest } from '../authority/cosign-legacy.ts'
import { githubDefaults, githubIssuer } from '../authority/github.ts'
import type { TrustedRootJson } from '../authority/trusted-root.ts'

/** Shared by the tests of one file; whatever must differ is asked of another authority. */
export const authority = createAuthority()
export const root: TrustedRootJson = authority.trustedRoot()

/** An hour after everything was signed: nothing here reads the clock. */
export const now = '2026-01-15T13:00:00.000Z'

/** The artifact of tests that do not care, as `authority.sign` signs it by default. */
export const message = 'hello'
export const imageName = 'docker.io/kong/kuma-cp'
export const imageDigest = `sha256:${'3c'.repeat(32)}` as Digest

/** A bundle or envelope (text and bytes go in as they are, so they may be broken), legacy layers, or the wire's own form. */
export type Evidence =
  | { readonly bundle: BundleJson | object | string | Uint8Array }
  | { readonly signatures: readonly Pick<LegacySignature, 'payload' | 'layer'>[] }
  | { readonly given: Given }

export type Case = {
  readonly evidence: Evidence | readonly Evidence[]
  /** Bytes of a file (default `message`), the digest alone of an artifact, or an image of a layout. */
  readonly artifact?:
    | { readonly file: string | Uint8Array; readonly name?: string }
    | { readonly digest: string; readonly name?: string }
    | { readonly image: string }
  readonly policy?: object
  readonly root?: TrustedRootJson | object
  readonly at?: string
}

export async function answer(of: Case): Promise<VerdictAnswer> {
  const { artifact = { file: message } } = of
  const list: readonly Evidence[] = Array.isArray(of.evidence) ? of.evidence : [of.evidence as Evidence]
  const request = readRequest({
    subject: 'file' in artifact ? { digest: digestsOf(artifact.file).sha256 } : artifact,
    given: list.map(givenOf),
    policy: of.policy ?? policyWith(),
    trust: { root: base64(JSON.stringify(of.root ?? root)) },
    at: of.at ?? now,
    offline: true,
  })
  const store = memoryStore()
  const clock = () => Date.parse(of.at ?? now)
  const paths = { root: '.', confined: false }
  const publicGood = () => Promise.resolve(undefined)
  const { examination, sources } = await prepare(withoutDownloads(request), {
    paths,
    store,
    limits,
    now: clock,
    publicGood,
  })
  const subject = 'file' in artifact ? fileOf(artifact.file, artifact.name ?? 'artifact') : examination.subject
  const world = { store, sources: [...sources, offline(clock)], now: clock, limits, versions: {} }
  const signal = new AbortController().signal
  return (await examine({ ...examination, subject }, { ...world, signal })).answer
}

/** The answer about the one artifact. */
export async function judged(of: Case): Promise<SubjectAnswer> {
  const { subjects } = await answer(of)
  const [only] = subjects
  if (only === undefined || subjects.length !== 1) throw new Error(`${subjects.length} subjects`)
  return only
}

const base64 = (bytes: string | Uint8Array) => ({ base64: Buffer.from(bytes).toString('base64') })

function givenOf(evidence: Evidence): Given {
  if ('given' in evidence) return evidence.given
  if ('signatures' in evidence)
    return {
      signatureManifest: base64(signatureManifest(evidence.signatures).bytes),
      payloads: evidence.signatures.map(({ payload }) => base64(payload)),
    }
  const { bundle } = evidence
  return {
    bundle: base64(typeof bundle === 'string' || bundle instanceof Uint8Array ? bundle : JSON.stringify(bundle)),
  }
}

export function digestsOf(bytes: string | Uint8Array): ArtifactDigests & { sha384: string; sha512: string } {
  const hash = (name: string) => `${name}:${createHash(name).update(bytes).digest('hex')}`
  return { sha256: hash('sha256') as Digest, sha384: hash('sha384'), sha512: hash('sha512') }
}

/** As the shell does: SHA-256 first, the rest when something asks for it. */
function fileOf(bytes: string | Uint8Array, file: string): ExaminedSubject {
  const all = digestsOf(bytes)
  let digests: ArtifactDigests = { sha256: all.sha256 }
  return {
    file,
    digests,
    measured: () => digests,
    measure: () => {
      digests = all
      return all
    },
  }
}

export const identityParts = {
  host: 'github.com',
  owner: githubDefaults.owner,
  repository: githubDefaults.repository,
  workflow: githubDefaults.workflow,
  ref: { tag: '2.14.3' },
}
export const defaultRequirement = {
  id: 'SIG',
  candidate: 'signature',
  signer: {
    issuer: githubIssuer,
    identity: identityParts,
    certificate: { buildTrigger: 'push', runnerEnvironment: 'github-hosted' },
  },
}

/** The policy that trusts what the authority signs by default, with changes to its one requirement. */
export const policyWith = (changes: object = {}) => policyOf({ ...defaultRequirement, ...changes })
export const policyOf = (...requirements: readonly object[]) => ({
  schema: 'urn:meshproof:policy:v1',
  name: 'attacks',
  requirements,
})
/** The same, with changes to its signer. */
export const policyFor = (signer: object, changes: object = {}) =>
  policyWith({ signer: { ...defaultRequirement.signer, ...signer }, ...changes })

/** The finding that decided: of the first requirement unless said otherwise. */
export function decisive({ findings }: SubjectAnswer, requirement = 0): Finding {
  const found = findings.filter(({ candidate, demand }) => !candidate && demand === `/requirements/${requirement}`)
  const [only] = found
  if (only === undefined || found.length !== 1) throw new Error(`${found.length} findings decide`)
  return only
}

/** `outcome code` of all findings, or of those with this pointer (`''`: notes). */
export const codes = ({ findings }: SubjectAnswer, demand?: string): readonly string[] =>
  findings
    .filter((one) => demand === undefined || (one.demand ?? '') === demand)
    .map((one) => `${one.outcome} ${one.code}`)

export const notes = (subject: SubjectAnswer): readonly Code[] =>
  subject.findings.filter(({ demand }) => demand === undefined).map(({ code }) => code)

export type Expected = {
  readonly code: Code
  /** Default `rejected`; `inconclusive` where it could not be told. */
  readonly verdict?: VerdictOutcome
  /** The demand at which a finding of the candidate says the same; default: the requirement itself only. */
  readonly demand?: string
}

/** The verdict, its reason in the deciding finding, and the same at the demand that was not met. */
export async function expectRefused(
  of: Case,
  { code, verdict = 'rejected', demand }: Expected,
): Promise<SubjectAnswer> {
  const subject = await judged(of)
  const outcome = verdict === 'rejected' ? 'fail' : 'error'
  const { code: found, outcome: decided } = decisive(subject)
  expect({ verdict: subject.outcome, decided, code: found }).toEqual({ verdict, decided: outcome, code })
  if (demand !== undefined) expect(codes(subject, `/requirements/0${demand}`)).toContain(`${outcome} ${code}`)
  return subject
}

export async function expectTrusted(of: Case): Promise<SubjectAnswer> {
  const subject = await judged(of)
  const { code, outcome, expected, found } = decisive(subject)
  const verdict = subject.outcome
  const wanted = { verdict: 'trusted', outcome: 'pass', code: 'requirement.met' }
  expect({ verdict, outcome, code }, JSON.stringify({ expected, found })).toEqual(wanted)
  return subject
}

/** An attack and its twin: the same in everything but what is attacked, and trusted. */
export async function attack(twin: Case, attacked: Case, expected: Expected): Promise<SubjectAnswer> {
  await expectTrusted(twin)
  return expectRefused(attacked, expected)
}
