import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import { parseJson } from '../core/json.ts'
import type { Limits } from '../core/limits.ts'
import { digestsIn, type EvidenceSet } from '../core/observation.ts'
import type { SubjectAnswer, VerdictAnswer } from '../core/request.ts'
import { noWaivers, rules, type VerdictOutcome } from '../core/verdict.ts'
import { evidenceShape, type PackedRequest, packShape } from '../evidence/pack/format.ts'
import { type Instead, oldRulesOf, type Rejudged, type Replayed, rejudged, replay } from '../examine/replay.ts'
import { versions } from '../examine/versions.ts'
import { differencesOf, type SubjectDifference } from '../report/model/differences.ts'
import type { Database } from '../store/database.ts'
import { keptUnder, keptUnderEach } from '../store/evidence.ts'
import { Requests } from '../store/requests.ts'
import { findVerdict } from '../store/verdicts.ts'
import type { Service } from './service.ts'

/** The bytes under digests, as the database has them; asked by whoever judges, wherever that is. */
export type Load = (digests: readonly Digest[]) => Promise<ReadonlyMap<Digest, Uint8Array | 'altered'>>

export type Again = Replayed & { readonly was: VerdictAnswer }
export type Checked = {
  readonly verdicts: readonly (Rejudged & Pick<SubjectAnswer, 'role' | 'platform'> & { readonly was: VerdictOutcome })[]
  readonly at: string
  readonly oldRules: number | undefined
}

/** Judges what is kept of a request again. It reads documents of strangers, so a service does it in threads. */
export type Replayer = {
  /** The whole request, as it was asked or otherwise. */
  readonly replay: (result: Uint8Array, instead: Instead) => Promise<Again>
  /** Only whether each of its verdicts comes to the same bytes. */
  readonly check: (result: Uint8Array) => Promise<Checked>
}

/** A service that answers: what is judged again is judged elsewhere than on its loop. */
export type Serving = Service & { readonly replayer: Replayer }

export async function replayKept(result: Uint8Array, instead: Instead, load: Load, limits: Limits): Promise<Again> {
  const request = requestOf(result, limits)
  const documents = await documentsOf(request, load, limits)
  const again = await replay(request, (digest) => documents.get(digest), instead, versions(), limits)
  return { ...again, was: request.answer as VerdictAnswer }
}

export async function checkKept(result: Uint8Array, load: Load, limits: Limits): Promise<Checked> {
  const request = requestOf(result, limits)
  const documents = await documentsOf(request, load, limits)
  const { subjects } = request.answer as VerdictAnswer
  return {
    verdicts: rejudged(request, (digest) => documents.get(digest), limits).map((one, i) => {
      const { role = 'artifact', platform, outcome = one.verdict.outcome } = subjects[i] ?? {}
      return { ...one, role, ...(platform !== undefined && { platform }), was: outcome }
    }),
    at: request.at,
    oldRules: oldRulesOf(request),
  }
}

export type StoredReplay = {
  readonly request: string
  readonly answer: VerdictAnswer
  /** Whether the very same bytes came out; null where something was asked otherwise. */
  readonly same: boolean | null
  readonly rules: { readonly was: number; readonly is: number }
  readonly differences: readonly SubjectDifference[]
}

/** Judges the request behind a stored verdict again, from the database alone. */
export async function replayStored(
  { database, limits, replayer }: Pick<Serving, 'database' | 'limits' | 'replayer'>,
  verdict: Digest,
  instead: Instead = {},
): Promise<StoredReplay & { readonly was: VerdictAnswer }> {
  const { id, result } = await requestBehind(database, limits, verdict)
  const { answer, same, oldRules, was } = await replayer.replay(result, instead)
  return {
    request: id,
    answer,
    same: same ?? null,
    rules: { was: oldRules ?? rules, is: rules },
    differences: differencesOf(was, answer),
    was,
  }
}

/** The newest request that came to this verdict, with all the bytes that it stands on. */
export async function storedRequest(
  database: Database,
  limits: Limits,
  verdict: Digest,
): Promise<{ readonly request: PackedRequest; readonly documents: ReadonlyMap<Digest, Uint8Array> }> {
  const { result } = await requestBehind(database, limits, verdict)
  const request = requestOf(result, limits)
  return { request, documents: await documentsOf(request, loadFrom(database), limits) }
}

export const loadFrom =
  (database: Database): Load =>
  (digests) =>
    keptUnderEach(database, digests)

async function requestBehind(
  database: Database,
  limits: Limits,
  verdict: Digest,
): Promise<{ readonly id: string; readonly result: Uint8Array }> {
  const stored = await findVerdict(database, verdict)
  const newest = stored?.requests[0]
  if (newest === undefined) {
    await keptUnder(database, verdict) // altered bytes are not the same as none
    throw unknown(verdict)
  }
  const result = await new Requests(database, limits).result(newest.id)
  if (result === undefined) throw unknown(verdict)
  return { id: newest.id, result }
}

const unknown = (digest: Digest) =>
  new Fault('store.unknown', { status: 404, parameters: { found: digest, expected: 'verdict' } })

function requestOf(bytes: Uint8Array, limits: Limits): PackedRequest {
  const json = parseJson(bytes, limits.jsonDepth)
  const read = packShape.shape.requests.element.safeParse('problem' in json ? undefined : json.value)
  if (!read.success) throw new Fault('store.unreadable', { status: 500 })
  return read.data as unknown as PackedRequest
}

/** What the verdicts stand on, by digest; each piece that was altered or lost is named. */
async function documentsOf(
  request: PackedRequest,
  load: Load,
  limits: Limits,
): Promise<ReadonlyMap<Digest, Uint8Array>> {
  const own = request.verdicts.flatMap(({ inputs }) => [
    inputs.evidence,
    inputs.policy,
    inputs.waivers,
    ...(inputs.trust === null ? [] : [inputs.trust]),
  ])
  const trust = request.trust === undefined ? [] : [request.trust.digest]
  const named = await loadAll([...own, ...trust, request.policy, request.evidence], load)
  const set = parseJson(named.get(request.evidence) ?? '', limits.jsonDepth)
  const read = evidenceShape.safeParse('problem' in set ? undefined : set.value)
  if (!read.success) throw missing([request.evidence])
  const found = digestsIn(read.data.observations as unknown as EvidenceSet)
  const rest = await loadAll(
    found.filter((digest) => !named.has(digest)),
    load,
  )
  return new Map([[noWaivers.digest, noWaivers.bytes], ...named, ...rest])
}

async function loadAll(wanted: readonly Digest[], load: Load): Promise<ReadonlyMap<Digest, Uint8Array>> {
  const digests = [...new Set(wanted)]
  const kept = await load(digests)
  const altered = digests.filter((digest) => kept.get(digest) === 'altered')
  if (altered.length > 0) throw new Fault('store.altered', { status: 500, parameters: { found: altered.join(', ') } })
  const lost = digests.filter((digest) => !kept.has(digest))
  if (lost.length > 0) throw missing(lost)
  return kept as ReadonlyMap<Digest, Uint8Array>
}

const missing = (digests: readonly Digest[]) =>
  new Fault('evidence.missing', { status: 500, parameters: { found: digests.join(', ') } })
