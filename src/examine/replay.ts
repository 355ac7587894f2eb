import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import { parseJson } from '../core/json.ts'
import { limits as defaultLimits, type Limits } from '../core/limits.ts'
import { type Asked, isOfHistory, type Observation, questionKey } from '../core/observation.ts'
import type { Name, Reference } from '../core/reference.ts'
import type { VerdictAnswer } from '../core/request.ts'
import { parseTime, type Time } from '../core/time.ts'
import { type Inputs, rules, sealVerdict, type Verdict } from '../core/verdict.ts'
import { evidenceShape, type PackedRequest } from '../evidence/pack/format.ts'
import { memoryStore } from '../evidence/store/memory.ts'
import { judge } from '../judge/judge.ts'
import { type LoadedPolicy, loadPolicy } from '../policy/read.ts'
import { type Examination, type ExaminedTrust, offline, sometimes } from './examination.ts'
import { type Examined, examine } from './examine.ts'

/** What is asked otherwise than it was: another policy, trusted root or date. Nothing: the very same question. */
export type Instead = { readonly policy?: LoadedPolicy; readonly trust?: ExaminedTrust; readonly at?: number }

export type Replayed = {
  readonly answer: VerdictAnswer
  /** Same findings ⇔ same bytes, verdict by verdict; only told where nothing was asked otherwise. */
  readonly same: boolean | undefined
  readonly oldRules: number | undefined
}

/** A stored verdict, and what its stored inputs come to now. */
export type Rejudged = {
  readonly stored: Digest
  readonly inputs: Inputs
  readonly verdict: Verdict
  readonly digest: Digest
}

type BytesOf = (digest: Digest) => Uint8Array | undefined

/** Judges a stored request again, offline. Stored inputs give the stored bytes; anything else is examined anew from the same evidence. */
export async function replay(
  request: PackedRequest,
  bytes: BytesOf,
  instead: Instead,
  versions: Readonly<Record<string, string>>,
  limits: Limits = defaultLimits,
): Promise<Replayed> {
  const otherwise = instead.policy !== undefined || instead.trust !== undefined || instead.at !== undefined
  const examined = await again(request, bytes, instead, versions, limits)
  return {
    answer: examined.answer,
    same: otherwise ? undefined : rejudged(request, bytes, limits).every(({ stored, digest }) => stored === digest),
    oldRules: oldRulesOf(request),
  }
}

/** The rules under which it was judged, where they are not ours. */
export const oldRulesOf = ({ verdicts }: PackedRequest): number | undefined =>
  verdicts.find(({ inputs }) => inputs.rules !== rules)?.inputs.rules

/** Every verdict of a stored request from its stored inputs alone: same findings ⇔ same bytes. */
export function rejudged(request: PackedRequest, bytes: BytesOf, limits: Limits): readonly Rejudged[] {
  const at = parseTime(request.at)
  if (at === undefined) throw new Fault('pack.malformed', { parameters: { found: `no time: ${request.at}` } })
  for (const { inputs } of request.verdicts)
    for (const digest of [inputs.evidence, inputs.policy])
      if (bytes(digest) === undefined) throw new Fault('evidence.missing', { parameters: { found: digest } })
  return request.verdicts.map(({ inputs, verdict: stored }) => {
    const verdict = judge(inputs, bytes, at, limits)
    return { stored, inputs, verdict, digest: sealVerdict(verdict).digest }
  })
}

async function again(
  request: PackedRequest,
  bytes: BytesOf,
  instead: Instead,
  versions: Readonly<Record<string, string>>,
  limits: Limits,
): Promise<Examined> {
  const store = memoryStore()
  const at = instead.at ?? parseTime(request.at) ?? 0
  const now = () => at
  const observations = storedEvidence(request.evidence, bytes)
  const recorded = new Map<string, Asked>()
  const given: Asked[] = []
  for (const observation of observations) {
    const beside = { from: 'the pack', at }
    if (observation.question.ask === 'given') given.push({ ...observation, beside })
    else recorded.set(questionKey(observation.question), { ...observation, beside })
    const found = 'found' in observation.outcome ? bytes(observation.outcome.found) : undefined
    if (found !== undefined) await store.put(found, 'application/octet-stream')
  }
  const source = sometimes('the pack', now, (question) => Promise.resolve(recorded.get(questionKey(question))?.outcome))
  const examination: Examination = {
    id: request.id,
    subject: subjectOf(request),
    policy: instead.policy ?? storedPolicy(request.policy, bytes),
    trust: instead.trust ?? storedTrust(request, bytes),
    signatureRepository: request.signatureRepository as Name | undefined,
    platform: request.platform,
    installed: request.installed,
    at,
    given,
    unread: [],
  }
  return examine(examination, {
    store,
    sources: [source, offline(now)],
    now,
    limits,
    versions,
    signal: AbortSignal.timeout(limits.requestMs),
    history: observations.some(({ question }) => isOfHistory(question)),
  })
}

function subjectOf({ subject }: PackedRequest): Examination['subject'] {
  if ('image' in subject)
    return { image: subject.image as Reference, name: subject.name as Name, as: subject.as as Reference }
  if ('file' in subject)
    return {
      file: subject.file,
      digests: subject.digests,
      measured: () => subject.digests,
      measure: () => subject.digests,
    }
  return subject
}

function storedEvidence(digest: Digest, bytes: BytesOf): readonly Observation[] {
  const read = evidenceShape.safeParse(stored(digest, bytes))
  if (!read.success) throw new Fault('pack.malformed', { parameters: { found: `no evidence set ${digest}` } })
  return read.data.observations as unknown as readonly Observation[]
}

function storedPolicy(digest: Digest, bytes: BytesOf): LoadedPolicy {
  const loaded = loadPolicy(stored(digest, bytes))
  if ('problems' in loaded) throw new Fault('pack.malformed', { parameters: { found: `no policy ${digest}` } })
  return loaded
}

function stored(digest: Digest, bytes: BytesOf): unknown {
  const document = bytes(digest)
  if (document === undefined) throw new Fault('evidence.missing', { parameters: { found: digest } })
  const parsed = parseJson(document, defaultLimits.jsonDepth)
  return 'problem' in parsed ? undefined : parsed.value
}

function storedTrust({ trust }: PackedRequest, bytes: BytesOf): ExaminedTrust | undefined {
  const document = trust === undefined ? undefined : bytes(trust.digest)
  return trust === undefined || document === undefined
    ? undefined
    : { digest: trust.digest, bytes: document, name: trust.name, asOf: trust.asOf as Time | undefined }
}
