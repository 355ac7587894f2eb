import type { ExtensionName } from '../../core/certificate-extensions.ts'
import { type Digest, digestOf } from '../../core/digest.ts'
import type { Where } from '../../core/finding.ts'
import { readPublicKey } from '../../core/keys.ts'
import { isKeys, type Keyless, type Keys, type Requirement, transparencyOf } from '../../core/policy.ts'
import type { LeafFacts } from '../certificate/leaf.ts'
import { hashOf } from './algorithm.ts'
import type { Book } from './book.ts'
import type { Candidate } from './candidate.ts'
import { hashesOf } from './content.ts'
import { type Context, type Facts, isDone, keyFacts, keylessFacts, type Refusal } from './facts.ts'
import { compareIdentity } from './identity.ts'
import type { Matter } from './matter.ts'

export type Examined = { readonly facts: Facts; readonly key: Digest | undefined; readonly leaf: LeafFacts | undefined }

/** Facts and the findings of the signer: certificate and signature, or the key that made it. */
export function examine(requirement: Requirement, candidate: Candidate, matter: Matter, book: Book): Examined {
  const { signer } = requirement
  const context: Context = { artifact: hashesOf(matter.digests), trust: matter.trust, limits: matter.limits }
  if (isKeys(signer)) return examineKeys(signer.keys, candidate, context, book)
  const facts = keylessFacts(candidate, context, transparencyOf(requirement).time === 0 ? matter.at : undefined)
  if (isDone(facts.certificate) && facts.openEnded === true)
    book.demand('/signer', 'error', 'log.inclusion-not-shown', { where: { in: 'certificate', field: 'chain' } })
  else if (isDone(facts.certificate))
    book.demand('/signer', 'pass', 'certificate.verified', { where: { in: 'certificate', field: 'chain' } })
  else book.refusal('/signer', facts.certificate, { where: { in: 'certificate', field: 'chain' } })
  if (isDone(facts.signature)) book.demand('/signer', 'pass', 'signature.verified')
  else book.refusal('/signer', facts.signature)
  return { facts, key: undefined, leaf: isDone(facts.certificate) ? facts.certificate.done : undefined }
}

function examineKeys(keys: Keys['keys'], candidate: Candidate, context: Context, book: Book): Examined {
  let refused: Facts | undefined
  for (const { key: bytes, hash, id } of keys) {
    const key = readPublicKey(Buffer.from(bytes.base64, 'base64'))
    if (typeof key === 'string') continue // T93: a policy with such a key does not load
    const facts = keyFacts(candidate, key, hash ?? hashOf(key), context)
    if (isDone(facts.signature)) {
      const hint = 'hint' in candidate.holder ? candidate.holder.hint : ''
      if (id === undefined || id === hint) book.demand('/signer/keys', 'pass', 'signature.verified')
      else book.demand('/signer/keys', 'fail', 'signature.key-id', { expected: id, found: hint.slice(0, 512) })
      return { facts, key: digestOf(key.export({ format: 'der', type: 'spki' })), leaf: undefined }
    }
    if (refused === undefined || facts.signature.outcome === 'error') refused = facts
  }
  const none: Facts = refused ?? keyless0
  const { signature } = none
  if (isDone(signature)) throw new Error('unreachable: a good signature was returned above')
  if (signature.outcome === 'error') book.refusal('/signer/keys', signature)
  else book.demand('/signer/keys', 'fail', keys.length === 1 ? 'signature.invalid' : 'signature.key-unknown')
  return { facts: none, key: undefined, leaf: undefined }
}

const refusal0: Refusal = { outcome: 'fail', code: 'signature.key-unknown' }
const keyless0: Facts = {
  entries: [],
  entryProblems: [],
  times: [],
  timeProblems: [],
  certificate: refusal0,
  timestampsOfCertificate: refusal0,
  window: refusal0,
  signature: refusal0,
}

export function holdIdentity(signer: Keyless, leaf: LeafFacts | undefined, matter: Matter, book: Book): void {
  const demanded = Object.entries(signer.certificate ?? {}) as [ExtensionName, string][]
  if (leaf === undefined) {
    for (const place of [
      '/signer/issuer',
      '/signer/identity',
      ...demanded.map(([name]) => `/signer/certificate/${name}`),
    ])
      book.demand(place, 'error', 'identity.not-evaluated')
    return
  }
  const vouched = leaf.issuer === signer.issuer // T02
  book.demand('/signer/issuer', vouched ? 'pass' : 'fail', vouched ? 'demand.met' : 'identity.issuer', {
    expected: signer.issuer,
    found: (leaf.issuer ?? 'none').slice(0, 1024),
    where: { in: 'certificate', field: 'issuer' },
  })
  const compared = compareIdentity(signer.identity, leaf, matter.version)
  book.demand('/signer/identity', compared.outcome, compared.code, {
    expected: compared.expected,
    found: compared.found,
    where: { in: 'certificate', field: 'subjectAlternativeName' },
  })
  for (const note of compared.notes) book.note(note.code, { found: note.found })
  for (const [name, expected] of demanded) {
    const found = leaf.extensions[name]
    const where: Where = { in: 'certificate', field: name }
    if (found === undefined)
      book.demand(`/signer/certificate/${name}`, 'fail', 'certificate.extension-absent', {
        expected: `${name}: ${expected}`,
        where,
      }) // T10
    else if (found === expected)
      book.demand(`/signer/certificate/${name}`, 'pass', 'certificate.extension-met', { expected, found, where })
    else
      book.demand(`/signer/certificate/${name}`, 'fail', 'certificate.extension-mismatch', {
        expected: `${name}: ${expected}`,
        found: `${name}: ${found.slice(0, 1024)}`,
        where,
      })
  }
}
