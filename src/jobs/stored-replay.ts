import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import { decodeUtf8, parseJson } from '../core/json.ts'
import type { Limits } from '../core/limits.ts'
import { digestsIn, type EvidenceSet } from '../core/observation.ts'
import type { VerdictAnswer } from '../core/request.ts'
import { rules } from '../core/verdict.ts'
import { evidenceShape, type PackedRequest, packShape } from '../evidence/pack/format.ts'
import { type Instead, replay } from '../examine/replay.ts'
import { versions } from '../examine/versions.ts'
import type { Database } from '../store/database.ts'
import { keptUnder } from '../store/evidence.ts'
import { Requests } from '../store/requests.ts'
import { findVerdict } from '../store/verdicts.ts'

export type StoredReplay = {
  readonly request: string
  readonly answer: VerdictAnswer
  /** Whether the very same bytes came out; null where something was asked otherwise. */
  readonly same: boolean | null
  readonly rules: { readonly was: number; readonly is: number }
  readonly differences: readonly Difference[]
}

type Told = { readonly outcome: string; readonly codes: readonly string[] }
type Difference = {
  readonly subject: string
  readonly platform?: string
  readonly was: Told | null
  readonly is: Told | null
}

/** Judges the request behind a stored verdict again, from the database alone. */
export async function replayStored(
  database: Database,
  limits: Limits,
  verdict: Digest,
  instead: Instead = {},
): Promise<StoredReplay> {
  const { id, request, documents } = await storedRequest(database, limits, verdict)
  const { answer, same, oldRules } = await replay(
    request,
    (digest) => documents.get(digest),
    instead,
    versions(),
    limits,
  )
  return {
    request: id,
    answer,
    same: same ?? null,
    rules: { was: oldRules ?? rules, is: rules },
    differences: differencesOf(request.answer as VerdictAnswer, answer),
  }
}

export type StoredRequest = {
  readonly id: string
  readonly request: PackedRequest
  readonly documents: ReadonlyMap<Digest, Uint8Array>
}

/** The newest request that came to this verdict, with all the bytes that it stands on. */
export async function storedRequest(database: Database, limits: Limits, verdict: Digest): Promise<StoredRequest> {
  const stored = await findVerdict(database, verdict)
  const newest = stored?.requests[0]
  if (newest === undefined) {
    await keptUnder(database, verdict) // altered bytes are not the same as none
    throw unknown(verdict)
  }
  const result = await new Requests(database, limits).result(newest.id)
  const request = result === undefined ? undefined : requestOf(result, limits)
  if (request === undefined) throw unknown(verdict)
  return { id: newest.id, request, documents: await documentsOf(database, request) }
}

const unknown = (digest: Digest) =>
  new Fault('store.unknown', { status: 404, parameters: { found: digest, expected: 'verdict' } })

function requestOf(bytes: Uint8Array, limits: Limits): PackedRequest | undefined {
  const json = parseJson(bytes, limits.jsonDepth)
  const read = packShape.shape.requests.element.safeParse('problem' in json ? undefined : json.value)
  return read.success ? (read.data as unknown as PackedRequest) : undefined
}

/** What the verdicts stand on, by digest; a piece that was altered or lost is named. */
async function documentsOf(database: Database, request: PackedRequest): Promise<ReadonlyMap<Digest, Uint8Array>> {
  const documents = new Map<Digest, Uint8Array>()
  const load = async (digest: Digest) => {
    const known = documents.get(digest) ?? (await keptUnder(database, digest))?.bytes
    if (known !== undefined) documents.set(digest, known)
    return known
  }
  const set = await load(request.evidence)
  const read = evidenceShape.safeParse(set === undefined ? undefined : JSON.parse(decodeUtf8(set) ?? 'null'))
  if (!read.success) throw new Fault('evidence.missing', { status: 500, parameters: { found: request.evidence } })
  const found = digestsIn(read.data.observations as unknown as EvidenceSet)
  const own = request.verdicts.flatMap(({ inputs }) => [
    inputs.policy,
    inputs.waivers,
    ...(inputs.trust === null ? [] : [inputs.trust]),
  ])
  const trust = request.trust === undefined ? [] : [request.trust.digest]
  for (const digest of new Set([...found, ...own, ...trust, request.policy] as readonly Digest[]))
    if ((await load(digest)) === undefined)
      throw new Fault('evidence.missing', { status: 500, parameters: { found: digest } })
  return documents
}

/** Subject by subject: what was said then and is said now, where the two are not the same. */
function differencesOf(before: VerdictAnswer, after: VerdictAnswer): readonly Difference[] {
  const [was, is] = [toldBySubject(before), toldBySubject(after)]
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key) => {
    const [then, now] = [was.get(key), is.get(key)]
    if (JSON.stringify(then?.told) === JSON.stringify(now?.told)) return []
    const { subject, platform } = then ?? now ?? { subject: key }
    return [{ subject, ...(platform !== undefined && { platform }), was: then?.told ?? null, is: now?.told ?? null }]
  })
}

function toldBySubject({ subjects }: VerdictAnswer) {
  return new Map(
    subjects.map(({ subject, role, platform, outcome, findings }) => {
      const name = typeof subject === 'string' ? subject : subject.unresolved
      const codes = findings
        .filter(({ demand, candidate }) => candidate === undefined && demand !== undefined)
        .map(({ check, code }) => `${check} ${code}`)
      return [`${role} ${name}`, { subject: name, platform, told: { outcome, codes } }] as const
    }),
  )
}
