import type { Json } from '../../core/json.ts'
import { pointerToken } from '../../core/pointer.ts'
import type { Requirement } from '../../core/policy.ts'
import { isProblem, nameOf, parseReference } from '../../core/reference.ts'
import type { LeafFacts } from '../certificate/leaf.ts'
import type { Book } from './book.ts'
import type { Candidate } from './candidate.ts'
import { type Facts, isDone, type Refusal } from './facts.ts'
import type { Matter } from './matter.ts'
import { type Claims, readClaims, signPredicate, weakDigests } from './payload.ts'

/** The signed document is about this very artifact, and of the demanded type. */
export function holdPayload(
  requirement: Requirement,
  candidate: Candidate,
  facts: Facts,
  matter: Matter,
  book: Book,
): Claims | undefined {
  const typed = requirement.predicateType
  if (!isDone(facts.signature)) {
    book.demand('/candidate', 'error', 'payload.not-evaluated')
    if (typed !== undefined) book.demand('/predicateType', 'error', 'predicate.not-evaluated')
    return undefined
  }
  const claims = readClaims(candidate.content, matter.digests, matter.limits)
  if ('outcome' in claims) {
    book.refusal('/candidate', wordsFor(requirement, claims, candidate, matter))
    if (typed !== undefined) book.demand('/predicateType', 'error', 'predicate.not-evaluated')
    return undefined
  }
  const { predicateType, unknown = [] } = claims
  if (unknown.length > 0) book.note('payload.fields-unknown', { found: unknown.slice(0, 8).join(', ').slice(0, 512) })
  // T40, T53: a vulnerability report by the right identity is no signature of the image.
  const isSignature =
    predicateType === undefined || predicateType === signPredicate || (typed ?? []).includes(predicateType)
  const speaksOfImage = matter.isImage || requirement.annotations !== undefined || requirement.reference !== undefined
  if (requirement.candidate === 'signature' && speaksOfImage && !isSignature)
    book.demand('/candidate', 'fail', 'payload.type', { expected: signPredicate, found: predicateType })
  else book.demand('/candidate', 'pass', 'payload.bound')
  if (typed !== undefined) {
    const met = predicateType !== undefined && typed.includes(predicateType)
    book.demand(
      '/predicateType',
      met ? 'pass' : 'fail',
      met ? 'predicate.met' : isProvenance(requirement) ? 'provenance.predicate' : 'predicate.type',
      {
        expected: typed.join(' or '),
        found: predicateType ?? 'none',
      },
    )
  }
  return claims
}

const isProvenance = ({ signer, provenance }: Requirement): boolean => provenance !== undefined || 'builder' in signer

/** The same refusals in the words of what was looked for. */
function wordsFor(requirement: Requirement, refusal: Refusal, { content }: Candidate, matter: Matter): Refusal {
  const kind = requirement.vsa !== undefined ? 'vsa' : isProvenance(requirement) ? 'provenance' : undefined
  if (kind === undefined || refusal.outcome !== 'fail' || !refusal.code.startsWith('payload.')) return refusal
  if (refusal.code !== 'payload.digest-mismatch') return { ...refusal, code: `${kind}.payload` }
  const weak = kind === 'vsa' ? weakDigests(content, matter.limits) : undefined
  // T48: it may be about this artifact, and does not show it.
  return weak === undefined
    ? { ...refusal, code: `${kind}.subject` }
    : { outcome: 'error', code: 'payload.digest-weak', expected: 'sha256', found: weak }
}

export function holdReference(requirement: Requirement, claims: Claims | undefined, matter: Matter, book: Book): void {
  const wanted = requirement.reference
  if (claims === undefined) {
    if (wanted !== undefined) book.demand('/reference', 'error', 'reference.not-evaluated')
    return
  }
  if (wanted === undefined) {
    if (claims.reference !== undefined)
      book.note('reference.signed-for', { found: claims.reference.slice(0, 512) }) // T33
    else if (matter.isImage && !claims.signsNames) book.note('reference.unsigned-name')
    return
  }
  if (claims.reference === undefined) {
    book.demand('/reference', 'error', 'reference.not-signed')
    return
  }
  const expected = wanted === 'asked' ? matter.name : wanted
  if (expected === undefined) {
    book.demand('/reference', 'error', 'reference.name-unknown')
    return
  }
  const found = canonicalName(claims.reference)
  const met = found !== undefined && found === canonicalName(expected)
  book.demand('/reference', met ? 'pass' : 'fail', met ? 'reference.met' : 'reference.mismatch', {
    expected,
    found: claims.reference.slice(0, 512),
  })
}

function canonicalName(text: string): string | undefined {
  const parts = parseReference(text)
  return isProblem(parts) ? undefined : nameOf(parts)
}

/** T31: annotations are read of the signed document only. */
export function holdAnnotations(
  requirement: Requirement,
  claims: Claims | undefined,
  leaf: LeafFacts | undefined,
  book: Book,
): void {
  for (const [key, wanted] of Object.entries(requirement.annotations ?? {})) {
    const place = `/annotations/${pointerToken(key)}`
    if (claims === undefined) {
      book.demand(place, 'error', 'annotation.not-evaluated')
      continue
    }
    const found = Object.hasOwn(claims.annotations, key) ? claims.annotations[key] : undefined
    const optional = typeof wanted === 'object' && wanted.optional === true
    const expected = typeof wanted === 'string' ? wanted : leaf?.extensions[wanted.certificate]
    const shown = {
      expected: expected === undefined ? `${key} equal to the certificate` : `${key}=${expected}`,
      ...(found !== undefined && { found: `${key}=${textOf(found).slice(0, 512)}` }),
    }
    if (found === undefined)
      book.demand(place, optional ? 'pass' : 'fail', optional ? 'demand.met' : 'annotation.absent', shown)
    else if (expected === undefined) book.demand(place, 'fail', 'certificate.extension-absent', shown)
    else
      book.demand(
        place,
        found === expected ? 'pass' : 'fail',
        found === expected ? 'annotation.met' : 'annotation.mismatch',
        shown,
      )
  }
}

/** What is no text is shown as JSON: an object of a stranger may not even have a `toString`. */
const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))
