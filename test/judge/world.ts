/** Everything that `judge` reads, in memory: candidates of many kinds made once, an image that they are about. */
import fc from 'fast-check'
import { type Digest, digestOf } from '../../src/core/digest.ts'
import { givenTypes } from '../../src/core/given-types.ts'
import type { Sealed } from '../../src/core/json.ts'
import { type Limits, limits } from '../../src/core/limits.ts'
import { type Observation, type Outcome3, type Question, sealEvidence } from '../../src/core/observation.ts'
import { mediaTypes } from '../../src/core/oci.ts'
import { type Policy, readsTrust } from '../../src/core/policy.ts'
import type { Name, Reference } from '../../src/core/reference.ts'
import { type AskedOf, type Inputs, makeInputs, noWaivers, type Verdict } from '../../src/core/verdict.ts'
import { judge } from '../../src/judge/judge.ts'
import { createAuthority } from '../authority/authority.ts'
import { cosign3Signature, referrersIndex, statement } from '../authority/cosign-bundle.ts'
import { cosignTag, legacyAttestation, signatureManifest, simpleSigning } from '../authority/cosign-legacy.ts'
import { newKey } from '../authority/keys.ts'
import { type Artifact, image, index, reachable } from '../authority/oci.ts'
import { generatorCertificate, provenance } from '../authority/provenance.ts'
import { later } from '../authority/time.ts'

export const authority = createAuthority()
export const keys = [newKey(), newKey('ed25519'), newKey('p384')]
export const at = Date.parse('2026-01-15T13:00:00Z')
const name = 'docker.io/kong/kuma-cp' as Name
const as = `${name}:2.14.3` as Reference

const [amd64, arm64] = [image({ platform: 'linux/amd64' }), image({ platform: 'linux/arm64' })]
const root = index([amd64, arm64])
export const artifacts = [root, amd64, arm64] as const

const documents = new Map<Digest, Uint8Array>()
function hold(bytes: Uint8Array): Digest {
  const digest = digestOf(bytes)
  documents.set(digest, bytes)
  return digest
}
function holdAll(one: Artifact): Digest {
  for (const bytes of reachable(one).values()) hold(bytes)
  return one.digest as Digest
}
holdAll(root)

const optional = { repo: 'Kong/kong-mesh' }
const [ownKey = newKey()] = keys

/** Signatures of cosign 2: good ones, and ones of which something is wrong. */
const legacyOf = ({ digest }: Artifact) => [
  simpleSigning(authority, { digest, optional }),
  simpleSigning(authority, { digest }),
  simpleSigning(authority, { digest, optional, github: { owner: 'Evil' } }),
  simpleSigning(authority, { digest, optional, timestamp: true }),
  simpleSigning(authority, { digest, optional, log: false }),
  simpleSigning(authority, { digest, optional, log: false, timestamp: true }),
  simpleSigning(authority, { digest, optional, signer: ownKey, log: false }),
  simpleSigning(authority, { digest, signer: newKey('p384'), log: false }),
  simpleSigning(authority, { digest, optional, at: later(authority.at, 5_400) }),
  simpleSigning(authority, { digest: `sha256:${'0'.repeat(64)}`, optional }),
  simpleSigning(authority, { digest, rawPayload: 'not JSON' }),
  simpleSigning(authority, { digest, optional, layerAnnotations: { 'dev.cosignproject.cosign/signature': null } }),
]
const bundlesOf = (of: Artifact) => [
  cosign3Signature(authority, { of, annotations: optional }),
  cosign3Signature(authority, { of, log: 'v2' }),
  cosign3Signature(authority, { of, predicateType: 'https://spdx.dev/Document' }),
]
const attestationOf = (of: Artifact, sha?: string) => {
  const github = sha === undefined ? {} : { sha }
  const subjects = [{ name, digest: { sha256: of.digest.slice(7) } }]
  return legacyAttestation(authority, {
    statement: provenance({ github, subjects }),
    github: generatorCertificate({ github }),
  })
}
const made = artifacts.map((of) => ({
  legacy: legacyOf(of),
  bundles: bundlesOf(of),
  attestations: [attestationOf(of), attestationOf(of, 'b'.repeat(40))],
}))

/** Bundles that come along with the request, in place of what is looked up. */
const brought: readonly Uint8Array[] = [
  Buffer.from(JSON.stringify(authority.sign({ payload: statement({ digest: amd64.digest }) }).bundle)),
  Buffer.from(JSON.stringify(authority.sign({ payload: statement({ digest: arm64.digest }), log: 'none' }).bundle)),
  Buffer.from('{"mediaType":"application/vnd.dev.sigstore.bundle.v0.9+json","verificationMaterial":{}}'),
  Buffer.from('not JSON'),
]

const failures = ['registry.denied', 'registry.rate-limited', 'evidence.offline', 'limit.time'] as const
const lost: fc.Arbitrary<Outcome3> = fc.oneof(
  fc.constant<Outcome3>({ absent: true }),
  fc.constantFrom(...failures).map((failed): Outcome3 => ({ failed })),
)
/** What was found at a place: some of these, or nothing, or no answer. */
const foundIn = <T>(list: readonly T[], keep: (some: readonly T[]) => Artifact): fc.Arbitrary<Outcome3> =>
  fc.oneof(
    { weight: 1, arbitrary: lost },
    {
      weight: 3,
      arbitrary: fc.tuple(fc.boolean(), fc.subarray([...list], { maxLength: 2 })).map(([good, some]): Outcome3 => {
        const artifact = keep(good ? list.filter((one, i) => i === 0 || some.includes(one)) : some)
        return { found: holdAll(artifact), mediaType: artifact.mediaType }
      }),
    },
  )
const observed = (question: Question, outcome: fc.Arbitrary<Outcome3>) =>
  outcome.map((one): Observation => ({ question, outcome: one }))
const always = (question: Question, digest: string, mediaType: string): Observation => ({
  question,
  outcome: { found: digest as Digest, mediaType },
})

const ofDigest = (of: Artifact, i: number): fc.Arbitrary<readonly Observation[]> => {
  const { legacy = [], bundles = [], attestations = [] } = made[i] ?? {}
  const [digest, signatureTag, attestationTag] = [
    of.digest as Digest,
    cosignTag(of.digest),
    cosignTag(of.digest, 'att'),
  ]
  const manifests = bundles.map(({ artifact }) =>
    always({ ask: 'manifest', image: name, digest: holdAll(artifact) }, artifact.digest, artifact.mediaType),
  )
  return fc
    .tuple(
      observed({ ask: 'tag', image: name, tag: signatureTag }, foundIn(legacy, signatureManifest)),
      observed({ ask: 'tag', image: name, tag: attestationTag }, foundIn(attestations, signatureManifest)),
      observed(
        { ask: 'referrers', image: name, digest },
        foundIn(bundles, (some) => referrersIndex(some.map(({ artifact }) => artifact))),
      ),
    )
    .map((found) => [...found, ...manifests])
}

const rootObservations: readonly Observation[] = [
  always({ ask: 'resolve', image: as }, root.digest, mediaTypes.ociIndex),
  always({ ask: 'manifest', image: name, digest: root.digest as Digest }, root.digest, mediaTypes.ociIndex),
]

export type Evidence = readonly Observation[]
export const evidence: fc.Arbitrary<Evidence> = fc
  .tuple(
    ...artifacts.map(ofDigest),
    fc
      .subarray([...brought], { maxLength: 1 })
      .map((pieces) => pieces.map((bytes) => always({ ask: 'given', kind: 'bundle' }, hold(bytes), givenTypes.bundle))),
  )
  .map((all) => [...rootObservations, ...all.flat()])

const trust = hold(Buffer.from(JSON.stringify(authority.trustedRoot())))

export type Case = {
  readonly policy: { readonly policy: Policy; readonly sealed: Sealed }
  readonly evidence: Evidence
  readonly subject?: Inputs['subject']
  readonly asked?: AskedOf
  readonly at?: number
  readonly limits?: Partial<Limits>
}

export function inputsOf({ policy, evidence: observations, subject, asked }: Case): Inputs {
  const set = sealEvidence(observations)
  for (const { digest, bytes } of [set, policy.sealed, noWaivers]) documents.set(digest, bytes)
  return makeInputs({
    subject: subject ?? (root.digest as Digest),
    asked: asked ?? { as, name, version: '2.14.3', root: root.digest as Digest },
    evidence: set.digest,
    trust: readsTrust(policy.policy) ? trust : null,
    policy: policy.sealed.digest,
    waivers: noWaivers.digest,
  })
}

export const bytesOf = (digest: Digest): Uint8Array | undefined => documents.get(digest)

export const judged = (of: Case): Verdict => judge(inputsOf(of), bytesOf, of.at ?? at, { ...limits, ...of.limits })
