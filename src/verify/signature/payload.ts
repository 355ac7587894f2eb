import { z } from 'zod'
import { type Digest, hexOf } from '../../core/digest.ts'
import { type Json, parseJson } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'
import { firstPlace } from '../../core/pointer.ts'
import {
  isResourceDescriptor,
  type ResourceDescriptor,
  readStatement,
  statementPayload,
  statementType,
  statementTypes,
} from '../statement/in-toto.ts'
import type { Content } from './candidate.ts'
import type { Refusal } from './facts.ts'

/** What was signed, once the signature is good: the artifact it is about, signed annotations, the signed name. */
export type Claims = {
  readonly annotations: Readonly<Record<string, Json>>
  /** `docker-reference`; undefined where the form signs no name. */
  readonly reference: string | undefined
  readonly predicateType: string | undefined
  readonly signsNames: boolean
  /** Of a statement: the names of the subjects that are this artifact, and the predicate as it was signed. */
  readonly statement?: { readonly names: readonly string[]; readonly predicate: unknown }
  /** Fields of a statement that in-toto does not know. */
  readonly unknown?: readonly string[]
}

export const signPredicate = 'https://sigstore.dev/cosign/sign/v1'
const simpleType = 'cosign container image signature'

export type SubjectDigests = { readonly sha256: Digest; readonly sha384?: string; readonly sha512?: string }

const simple = z.object({
  critical: z.object({
    identity: z.object({ 'docker-reference': z.string() }),
    image: z.object({ 'docker-manifest-digest': z.string() }),
    type: z.string(),
  }),
  optional: z.record(z.string(), z.json()).nullish(),
})

/** Reads the claims of a verified content and binds them to the artifact: the very digest, nothing near it. */
export function readClaims(content: Content, artifact: SubjectDigests, limits: Limits): Claims | Refusal {
  if (content.kind === 'message') return messageClaims(content, artifact)
  if (content.kind === 'dsse' && content.payloadType !== statementPayload)
    return {
      outcome: 'fail',
      code: 'payload.type',
      expected: statementPayload,
      found: content.payloadType.slice(0, 200),
    } // T52, L3
  const parsed = parseJson(content.payload, limits.jsonDepth, { text: limits.statementTextBytes })
  if ('problem' in parsed) return { outcome: 'fail', code: 'payload.malformed', found: parsed.problem }
  if (parsed.duplicateKey !== undefined)
    return { outcome: 'fail', code: 'payload.duplicate-key', found: parsed.duplicateKey.slice(0, 200) } // T35
  return content.kind === 'dsse'
    ? statementClaims(parsed.value, artifact, limits)
    : simpleClaims(parsed.value, artifact)
}

function messageClaims(content: Content & { kind: 'message' }, artifact: SubjectDigests): Claims | Refusal {
  const claims: Claims = { annotations: {}, reference: undefined, predicateType: undefined, signsNames: false }
  if (content.digest === undefined) return claims
  const ours = artifact[content.digest.hash]
  const theirs = `${content.digest.hash}:${content.digest.value.toString('hex')}`
  if (ours === undefined) return { outcome: 'error', code: 'artifact.bytes-needed', found: content.digest.hash }
  return ours === theirs ? claims : { outcome: 'fail', code: 'payload.digest-mismatch', expected: ours, found: theirs }
}

function simpleClaims(value: unknown, artifact: SubjectDigests): Claims | Refusal {
  const checked = simple.safeParse(value)
  if (!checked.success) return { outcome: 'fail', code: 'payload.malformed', found: firstPlace(checked.error) }
  const { critical, optional } = checked.data
  if (critical.type !== simpleType)
    return { outcome: 'fail', code: 'payload.type', expected: simpleType, found: critical.type.slice(0, 200) } // T34
  const found = critical.image['docker-manifest-digest']
  if (found !== artifact.sha256)
    return { outcome: 'fail', code: 'payload.digest-mismatch', expected: artifact.sha256, found: found.slice(0, 200) } // T32
  return {
    annotations: (optional ?? {}) as Record<string, Json>,
    reference: critical.identity['docker-reference'],
    predicateType: undefined,
    signsNames: true,
  }
}

function statementClaims(value: unknown, artifact: SubjectDigests, limits: Limits): Claims | Refusal {
  const read = readStatement(value, limits)
  if ('expected' in read) return { outcome: 'error', code: 'limit.subjects', expected: String(read.expected) } // T49
  if ('problem' in read) return { outcome: 'fail', code: 'payload.malformed', found: read.found }
  const { subject, predicateType, _type, predicate } = read.statement
  if (!statementTypes.some((one) => one === _type))
    return {
      outcome: 'fail',
      code: 'payload.type',
      expected: statementType,
      found: _type.slice(0, 200),
    }
  const matched = subject.filter(({ digest }) => matches(digest, artifact)) // L2, T50
  const [first] = matched
  if (first === undefined) return notMeant(subject, artifact)
  if (!matched.every(isResourceDescriptor))
    return { outcome: 'fail', code: 'payload.malformed', found: 'subject.digest' }
  return {
    annotations: (first.annotations ?? {}) as Record<string, Json>,
    reference: undefined,
    predicateType,
    signsNames: false,
    statement: { names: matched.flatMap(({ name }) => name ?? []), predicate },
    unknown: read.unknown,
  }
}

/** Another artifact; or one that cannot be told from this, since no hash was measured that both have (F-033). */
function notMeant(subject: readonly ResourceDescriptor[], artifact: SubjectDigests): Refusal {
  const digests = subject.map(({ digest }) => digest ?? {})
  const known = digests.some(
    (digest) =>
      'sha256' in digest ||
      ('sha512' in digest && artifact.sha512 !== undefined) ||
      ('sha384' in digest && artifact.sha384 !== undefined),
  )
  const other = digests.some((digest) => 'sha512' in digest || 'sha384' in digest)
  if (!known && other) return { outcome: 'error', code: 'artifact.bytes-needed', found: 'sha256' }
  return {
    outcome: 'fail',
    code: 'payload.digest-mismatch',
    expected: artifact.sha256,
    found: digests
      .slice(0, 4)
      .map((digest) => `sha256:${(digest['sha256'] ?? '-').slice(0, 64)}`)
      .join(' '),
  }
}

/**
 * The words by which a statement names its artifacts, where none of them is a digest that we compare (T48): it may be about
 * this one, and does not show it.
 */
export function weakDigests(content: Content, limits: Limits): string | undefined {
  const parsed = parseJson(content.kind === 'dsse' ? content.payload : '', limits.jsonDepth)
  const read = 'problem' in parsed ? parsed : readStatement(parsed.value, limits)
  if ('problem' in read) return undefined
  const named = new Set(read.statement.subject.flatMap(({ digest }) => Object.keys(digest ?? {})))
  if (named.size === 0 || ['sha256', 'sha384', 'sha512'].some((strong) => named.has(strong))) return undefined
  return [...named].sort().join(', ').slice(0, 200)
}

/** Equal in every hash that both sides have, and in one at least (T48: exact lower-case hex, SHA-2 only). */
function matches(theirs: Readonly<Record<string, string>> | null | undefined, ours: SubjectDigests): boolean {
  let met = false
  for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
    const own = ours[hash]
    const other = theirs?.[hash]
    if (own === undefined || other === undefined) continue
    if (own !== `${hash}:${other}`) return false
    met = true
  }
  return met
}

/**
 * Whether a statement claims to be about an artifact, before anything is verified: only to tell what is not worth asking
 * about. One that names no SHA-256 at all may be meant: the file's other hashes are measured later.
 */
export function claimsSubject(content: Content, artifact: Digest, limits: Limits): boolean {
  if (content.kind !== 'dsse' || content.payloadType !== statementPayload) return false
  const parsed = parseJson(content.payload, limits.jsonDepth)
  const read = 'problem' in parsed ? parsed : readStatement(parsed.value, limits)
  if ('problem' in read) return false
  const named = read.statement.subject.flatMap(({ digest }) => digest?.['sha256'] ?? [])
  return named.length === 0 || named.includes(hexOf(artifact))
}

/**
 * The predicate type that a statement claims, before anything is verified: only to tell what a candidate is not (T40: demands
 * select by type, then verify). undefined where nothing is claimed.
 */
export function claimedPredicateType(content: Content, maxDepth: number): string | undefined {
  if (content.kind !== 'dsse') return undefined
  const parsed = parseJson(content.payload, maxDepth)
  const value = 'problem' in parsed ? undefined : parsed.value
  return typeof value === 'object' &&
    value !== null &&
    'predicateType' in value &&
    typeof value.predicateType === 'string'
    ? value.predicateType
    : undefined
}
