import type { Digest } from '../core/digest.ts'
import { digestOf } from '../core/digest.ts'
import { parseOnce } from '../core/json.ts'
import { documentsIn } from '../core/json-lines.ts'
import type { Limits } from '../core/limits.ts'
import { looksLikeBundle, readBundle, readBundleValue } from '../verify/signature/bundle.ts'
import { type Candidate, isCandidate, type Unreadable } from '../verify/signature/candidate.ts'
import { readEnvelope } from '../verify/signature/envelope.ts'
import { isAbout, readRekorAnswer } from '../verify/signature/rekor-answer.ts'
import type { EvidenceView } from './evidence-view.ts'

type Read = Candidate | Unreadable

/** The same bytes are read while it is asked and for each requirement; what they say does not change. */
const known = new WeakMap<Limits, WeakMap<Uint8Array, readonly Read[]>>()

/** What a given file holds: one bundle, one envelope, or JSON lines of them. */
export function readGiven(bytes: Uint8Array, limits: Limits): readonly Read[] {
  const under = known.get(limits) ?? new WeakMap<Uint8Array, readonly Read[]>()
  known.set(limits, under)
  const read = under.get(bytes) ?? readDocuments(bytes, limits)
  under.set(bytes, read)
  return read
}

function readDocuments(bytes: Uint8Array, limits: Limits): readonly Read[] {
  const documents = documentsIn(bytes, limits.jsonDepth, limits.candidates + 1)
  const alone = documents.length === 1
  return documents.map((document) => {
    const parsed = parseOnce(document, limits.jsonDepth)
    if (!alone && ('problem' in parsed || parsed.duplicateKey !== undefined))
      return { id: digestOf(document), outcome: 'error', code: 'bundle.malformed' }
    const value = 'problem' in parsed ? undefined : parsed.value
    if (alone) return looksLikeEnvelope(value) ? readEnvelope(document, limits) : readBundle(document, limits)
    return looksLikeBundle(value) ? readBundleValue(value, digestOf(document), limits) : readEnvelope(document, limits)
  })
}

const looksLikeEnvelope = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'payloadType' in value &&
  'signatures' in value &&
  !looksLikeBundle(value)

export const isBare = (read: Read): read is Candidate => isCandidate(read) && read.form === 'envelope'

/** Evidence that may show the log entry of a bare envelope: what was brought along, and what the log answered about it. */
export function entriesOf(read: Read, view: EvidenceView): readonly Digest[] {
  if (!isBare(read)) return []
  return [
    ...view.given.flatMap(({ kind, digest }) => (kind === 'log-entry' ? [digest] : [])),
    ...answersAbout(read, view).flatMap((outcome) => ('found' in outcome ? [outcome.found] : [])),
  ]
}

const answersAbout = ({ id }: Candidate, view: EvidenceView) =>
  view.observations.flatMap(({ question, outcome }) =>
    question.ask === 'log-entry' && question.envelope === id ? [outcome] : [],
  )

/** A bare envelope with the entries that are about it; an entry of another one lends nothing (T16, T17). */
export function withEntries(read: Read, view: EvidenceView, limits: Limits): Read {
  if (!isBare(read)) return read
  const entries = entriesOf(read, view)
    .flatMap((digest) => readRekorAnswer(view.bytes(digest) ?? Buffer.alloc(0), limits))
    .filter((entry) => isAbout(entry, read, limits.jsonDepth))
  if (entries.length > 0) return { ...read, entries: entries.slice(0, limits.logEntriesPerCandidate) }
  return answersAbout(read, view).some((outcome) => 'absent' in outcome) ? { ...read, logSilent: true } : read
}
