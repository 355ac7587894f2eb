import { type Digest, digestOf, hexOf } from '../../core/digest.ts'
import type { Finding } from '../../core/finding.ts'
import { readPublicKey } from '../../core/keys.ts'
import { isKeys, type Policy, type Requirement } from '../../core/policy.ts'
import type { SubjectAnswer, VerdictAnswer } from '../../core/request.ts'
import { failedLevel, unevaluated } from '../../core/slsa-level.ts'
import { levelOfBuilder } from '../../verify/provenance/builders.ts'
import { type ResourceDescriptor, type Statement, statementType } from '../../verify/statement/in-toto.ts'
import { resultType, type VerificationResult } from '../../verify/summary/svr.ts'
import { summaryType, type VerificationSummary } from '../../verify/summary/vsa.ts'
import { requirementOf } from './demand-words.ts'

/** Who issues, and what the artifact is known by where the answer does not say. */
export type Issuer = { readonly verifier: string; readonly resource: string | undefined }

/** A statement whose predicate is this. */
type Of<P> = Statement & { readonly predicate: P }
export type Issued = { readonly vsa: Of<VerificationSummary>; readonly svr?: Of<VerificationResult> }
/** Why there is nothing to issue: no verdict to summarise, nothing to name it by. */
export type Unissued = { readonly nothing: 'inconclusive' | 'without-digest' | 'without-resource' }

type Judged = SubjectAnswer & { readonly subject: Digest }

/**
 * A verdict as a SLSA summary, and what that has no place for as an in-toto result. Nothing in them that the verdict does
 * not show: the levels are the least over all subjects, the properties those that all of them have, and what failed is left
 * out of both (formats: "Verdict → VSA").
 */
export function issue(answer: VerdictAnswer, policy: Policy, issuer: Issuer): Issued | Unissued {
  if (answer.verdict === 'inconclusive') return { nothing: 'inconclusive' }
  const subjects = answer.subjects.filter((one): one is Judged => typeof one.subject === 'string')
  const [first] = subjects
  if (first === undefined || subjects.length !== answer.subjects.length) return { nothing: 'without-digest' }
  const resource = issuer.resource ?? resourceOf(first)
  if (resource === undefined) return { nothing: 'without-resource' }
  const passed = answer.verdict === 'trusted'
  const levels = passed ? levelsOf(subjects) : [failedLevel]
  const under: ResourceDescriptor = {
    uri: `urn:meshproof:policy:${encodeURIComponent(policy.name)}`,
    digest: { sha256: hexOf(first.inputs.policy) },
  }
  const statement = { _type: statementType, subject: subjects.map(subjectOf) }
  const inputs = evidenceOf(subjects)
  const vsa: Issued['vsa'] = {
    ...statement,
    predicateType: summaryType,
    predicate: {
      verifier: { id: issuer.verifier, version: { meshproof: answer.versions['meshproof'] ?? 'unknown' } },
      timeVerified: answer.at,
      resourceUri: resource,
      policy: under,
      ...(inputs.length > 0 && { inputAttestations: inputs.map((digest) => ({ digest: { sha256: hexOf(digest) } })) }),
      verificationResult: passed ? 'PASSED' : 'FAILED',
      verifiedLevels: [...levels],
      slsaVersion: '1.2',
    },
  }
  if (!passed) return { vsa }
  return {
    vsa,
    svr: {
      ...statement,
      predicateType: resultType,
      predicate: {
        verifier: { id: issuer.verifier, policies: [under] },
        timeCreated: answer.at,
        properties: [...levels.filter((level) => level !== unevaluated), ...propertiesOf(subjects, policy)],
      },
    },
  }
}

/** What was asked by a name is where it is fetched from; a file lies wherever its publisher put it. */
const resourceOf = ({ subject, inputs: { asked } }: Judged): string | undefined =>
  asked.as === undefined ? undefined : `oci://${asked.name}@${asked.root ?? subject}`

/** Names within a statement are unique, so the platforms of an image have none: they are found by digest. */
function subjectOf({ subject, role, inputs: { asked } }: Judged): Statement['subject'][number] {
  const { sha384, sha512 } = asked.digests ?? {}
  const hex = (digest: string) => digest.slice(digest.indexOf(':') + 1)
  return {
    ...(role !== 'member' && asked.name !== undefined && { name: asked.name }),
    digest: {
      sha256: hexOf(subject),
      ...(sha384 !== undefined && { sha384: hex(sha384) }),
      ...(sha512 !== undefined && { sha512: hex(sha512) }),
    },
  }
}

/** The evidence on which the requirements were decided. */
const evidenceOf = (subjects: readonly Judged[]): readonly Digest[] =>
  [
    ...new Set(
      subjects.flatMap(({ findings }) =>
        findings.filter(({ demand, candidate }) => demand !== undefined && candidate === undefined),
      ),
    ),
  ]
    .flatMap(({ evidence }) => evidence)
    .filter((digest, i, all) => all.indexOf(digest) === i)
    .sort()

/** What was found of the candidates that met their requirement whole. */
function metFindings({ findings }: Judged): readonly Finding[] {
  const key = ({ demand, candidate }: Finding) => `${requirementOf(demand)} ${candidate}`
  const asked = findings.filter(({ demand, candidate }) => demand !== undefined && candidate !== undefined)
  const open = new Set(asked.filter(({ outcome }) => outcome !== 'pass').map(key))
  const met = new Set(
    findings.flatMap(({ code, demand }) => (code === 'requirement.met' ? [requirementOf(demand)] : [])),
  )
  return asked.filter((finding) => met.has(requirementOf(finding.demand)) && !open.has(key(finding)))
}

/** A build level is claimed where each artifact has provenance of a builder whose level is known; else none is. */
function levelsOf(subjects: readonly Judged[]): readonly string[] {
  const of = (subject: Judged) =>
    Math.max(
      0,
      ...metFindings(subject).flatMap(({ code, found }) =>
        code === 'provenance.builder-met' && typeof found === 'string' ? (levelOfBuilder(found) ?? []) : [],
      ),
    )
  const least = Math.min(...subjects.map(of))
  return [least > 0 ? `SLSA_BUILD_LEVEL_${least}` : unevaluated]
}

/** Demands whose findings name who and what was shown, and the word for it. */
const named: readonly (readonly [RegExp, string])[] = [
  [/\/signer\/issuer$/, 'ISSUER'],
  [/\/signer\/identity$/, 'IDENTITY'],
  [/\/signer\/builder$/, 'BUILDER'],
  [/\/provenance\/source\/uri$/, 'SOURCE'],
  [/\/provenance\/source\/(?:tag|versionedTag|branch)$/, 'SOURCE_REF'],
  [/\/vsa\/verifier$/, 'VERIFIER'],
]

/** `MESHPROOF_CHECK:SC-03` for a requirement that is met, `MESHPROOF_IDENTITY:…` for who was shown to have signed. */
function propertiesOf(subjects: readonly Judged[], policy: Policy): readonly string[] {
  const of = (subject: Judged) =>
    new Set([
      ...subject.findings.flatMap(({ code, check, demand }) =>
        code === 'requirement.met'
          ? [`MESHPROOF_CHECK:${check}`, ...keyOf(policy.requirements[requirementOf(demand) ?? -1])]
          : [],
      ),
      ...metFindings(subject).flatMap(({ demand = '', found }) =>
        typeof found !== 'string'
          ? []
          : named.flatMap(([place, word]) => (place.test(demand) ? [`MESHPROOF_${word}:${found}`] : [])),
      ),
    ])
  const [first = new Set<string>(), ...others] = subjects.map(of)
  return [...first].filter((property) => others.every((other) => other.has(property))).sort()
}

/** Where a requirement knows one key, that one signed; of several a finding does not say which. */
function keyOf(requirement: Requirement | undefined): readonly string[] {
  const keys = requirement !== undefined && isKeys(requirement.signer) ? requirement.signer.keys : []
  const [only, second] = keys
  const key = only === undefined || second !== undefined ? '' : readPublicKey(Buffer.from(only.key.base64, 'base64'))
  return typeof key === 'string' ? [] : [`MESHPROOF_KEY:${digestOf(key.export({ format: 'der', type: 'spki' }))}`]
}
