import type { Code } from '../core/codes.ts'
import type { Digest } from '../core/digest.ts'
import { givenTypes } from '../core/given-types.ts'
import type { Limits } from '../core/limits.ts'
import type { Question } from '../core/observation.ts'
import { type Descriptor, mediaTypes, readManifest } from '../core/oci.ts'
import type { CandidateKind } from '../core/policy.ts'
import type { Name } from '../core/reference.ts'
import { readBundle } from '../verify/signature/bundle.ts'
import { type Candidate, isCandidate, type Unreadable } from '../verify/signature/candidate.ts'
import { readEnvelope } from '../verify/signature/envelope.ts'
import { readDownloaded, readLegacyLayer } from '../verify/signature/simple-signing.ts'
import { readReferrers } from './ask.ts'
import { entriesOf, readGiven, withEntries } from './bare-envelopes.ts'
import type { EvidenceView } from './evidence-view.ts'
import { isCandidateLayer, layerQuestion } from './layers.ts'
import { closedBy, tagFor } from './places.ts'

/** A candidate with the evidence it stands on, or a thing at its place that is none. */
export type Found = {
  readonly read: Candidate | Unreadable
  readonly kinds: readonly CandidateKind[]
  readonly evidence: readonly Digest[]
}
/** A look-up that gave no answer, or a limit that was reached: more candidates could stand behind it. */
export type Gap = { readonly code: Code; readonly kinds: readonly CandidateKind[]; readonly question?: Question }
export type Note = { readonly code: Code; readonly found: string; readonly evidence: readonly Digest[] }
export type Collected = {
  readonly found: readonly Found[]
  readonly gaps: readonly Gap[]
  /** Look-ups that gave no answer and concern one candidate, which says itself that it is open. */
  readonly asides: readonly Gap[]
  readonly notes: readonly Note[]
  readonly asked: number
}

const both: readonly CandidateKind[] = ['attestation', 'signature']

/** Everything in the evidence that may vouch for a digest, wherever it was looked for, and what could not be looked at. */
export function collect(digest: Digest, view: EvidenceView, limits: Limits): Collected {
  const collector = new Collector(view, limits)
  if (closedBy(view.given).size > 0 || view.givenProblems.length > 0) collector.given()
  for (const { question, outcome } of view.observations) {
    if (question.ask === 'referrers' && question.digest === digest) {
      if ('failed' in outcome) collector.gap(outcome.failed, both, question)
      else if ('found' in outcome) collector.referrers(question.image, outcome.found, digest)
      collector.asked++
    }
    if (question.ask === 'log-entry' && question.artifact === digest && 'failed' in outcome)
      collector.aside(outcome.failed, question)
    if (question.ask !== 'tag') continue
    for (const kind of both) {
      if (question.tag !== tagFor(digest, kind)) continue
      collector.asked++
      if ('failed' in outcome) collector.gap(outcome.failed, [kind], question)
      else if ('found' in outcome) {
        if (outcome.found === digest)
          collector.note('signature.subject-foreign', outcome.found, outcome.found) // T88
        else collector.manifest(question.image, outcome.found, kind)
      }
    }
  }
  return collector.close()
}

class Collector {
  asked = 0
  private readonly found = new Map<Digest, Found>()
  private readonly gaps: Gap[] = []
  private readonly asides: Gap[] = []
  private readonly notes: Note[] = []
  private readonly view: EvidenceView
  private readonly limits: Limits

  constructor(view: EvidenceView, limits: Limits) {
    this.view = view
    this.limits = limits
  }

  close(): Collected {
    const { gaps, asides, notes, asked } = this
    return { found: [...this.found.values()], gaps, asides, notes, asked }
  }

  gap(code: Code, kinds: readonly CandidateKind[], question?: Question): void {
    this.gaps.push({ code, kinds, ...(question !== undefined && { question }) })
  }

  /** Without network nobody could have asked: the candidate's own finding says all there is to say. */
  aside(code: Code, question: Question): void {
    if (code !== 'evidence.offline') this.asides.push({ code, kinds: both, question })
  }

  note(code: Code, found: string, evidence: Digest): void {
    this.notes.push({ code, found, evidence: [evidence] })
  }

  add(read: Candidate | Unreadable, kinds: readonly CandidateKind[], evidence: readonly Digest[]): void {
    if (this.found.has(read.id)) return // the same thing in two places is one candidate
    if (this.found.size >= this.limits.candidates) {
      if (!this.gaps.some(({ code }) => code === 'limit.candidates')) this.gap('limit.candidates', both) // T37
      return
    }
    this.found.set(read.id, {
      read,
      kinds: isCandidate(read) ? kindsOfContent(read).filter((kind) => kinds.includes(kind)) : kinds,
      evidence,
    })
  }

  given(): void {
    const view = this.view
    for (const { kind, digest, mediaType } of view.given) {
      const bytes = view.bytes(digest)
      if (bytes === undefined) this.gap('evidence.missing', both)
      else if (kind === 'bundle')
        for (const read of readGiven(bytes, this.limits))
          this.add(withEntries(read, view, this.limits), both, [digest, ...entriesOf(read, view)])
      else if (kind === 'signature' && mediaType === givenTypes.downloaded)
        for (const read of readDownloaded(bytes, this.limits)) this.add(read, ['signature'], [digest])
      else if ((kind === 'signature' || kind === 'attestation') && mediaType !== givenTypes.payload)
        this.layers(bytes, digest, both, undefined)
    }
    for (const { code, question } of view.givenProblems) this.gap(code, both, question)
  }

  referrers(image: Name, list: Digest, subject: Digest): void {
    const listed = readReferrers(list, this.view, this.limits)
    if (listed === undefined) {
      this.gap('registry.malformed', both, { ask: 'referrers', image, digest: subject })
      return
    }
    const { digests, foreign } = listed
    if (digests.length > this.limits.referrers) this.gap('limit.referrers', both)
    if (foreign) this.gap('reference.digest-unsupported', both, { ask: 'referrers', image, digest: subject }) // T89
    for (const digest of digests.slice(0, this.limits.referrers)) {
      if (digest === subject) continue
      const question: Question = { ask: 'manifest', image, digest }
      const outcome = this.view.outcomeOf(question)
      if (outcome === undefined) continue
      if ('failed' in outcome) this.gap(outcome.failed, both, question)
      else if ('found' in outcome) this.manifest(image, digest, 'attestation', subject)
      else this.note('signature.subject-foreign', `${digest} is listed and not there`, list)
    }
  }

  /** `subject`: what a referrer must name; another name means that the list lies (T88). */
  manifest(image: Name, digest: Digest, kind: CandidateKind, subject?: Digest): void {
    const bytes = this.view.bytes(digest)
    if (bytes === undefined) {
      this.gap('evidence.missing', both)
      return
    }
    this.layers(bytes, digest, kind === 'signature' ? ['signature'] : both, image, subject)
  }

  private layers(
    bytes: Uint8Array,
    digest: Digest,
    kinds: readonly CandidateKind[],
    image: Name | undefined,
    subject?: Digest,
  ): void {
    const manifest = readManifest(bytes, this.limits.jsonDepth)
    if (manifest === undefined) {
      this.gap(image === undefined ? 'evidence.malformed' : 'registry.malformed', kinds)
      return
    }
    if (subject !== undefined && manifest.subject !== undefined && manifest.subject.digest !== subject) {
      this.note('signature.subject-foreign', manifest.subject.digest, digest)
      return
    }
    if (manifest.layers.length > this.limits.layers) this.gap('limit.layers', kinds)
    for (const layer of manifest.layers.slice(0, this.limits.layers)) {
      if (!isCandidateLayer(layer.mediaType)) {
        // T34: worth a word at the tag of signatures; among referrers anything may stand.
        if (subject === undefined) this.note('signature.layer-foreign', layer.mediaType.slice(0, 200), digest)
        continue
      }
      const payload = this.blob(image, layer, kinds)
      if (payload === undefined) continue
      if (layer.mediaType === mediaTypes.simpleSigning)
        this.add(readLegacyLayer(layer, payload, this.limits), ['signature'], [digest, layer.digest])
      else if (layer.mediaType === mediaTypes.dsse)
        this.add(readEnvelope(payload, this.limits, layer), ['attestation'], [digest, layer.digest])
      else this.add(readBundle(payload, this.limits), both, [digest, layer.digest])
    }
  }

  private blob(image: Name | undefined, layer: Descriptor, kinds: readonly CandidateKind[]): Uint8Array | undefined {
    const question = image === undefined ? undefined : layerQuestion(image, layer, this.limits)
    const outcome = question === undefined ? undefined : this.view.outcomeOf(question)
    if (outcome !== undefined && !('found' in outcome)) {
      this.gap('failed' in outcome ? outcome.failed : 'registry.not-found', kinds, question)
      return undefined
    }
    const bytes = this.view.bytes(layer.digest)
    if (bytes === undefined) this.gap('evidence.missing', kinds)
    else if (bytes.length !== layer.size) {
      this.gap('registry.size-mismatch', kinds, question) // T28: the manifest that names it announced another size
      return undefined
    }
    return bytes
  }
}

/** A message signature and a cosign payload are signatures; a signed statement may be both. */
const kindsOfContent = (candidate: Candidate): readonly CandidateKind[] =>
  candidate.content.kind === 'dsse' ? both : ['signature']
