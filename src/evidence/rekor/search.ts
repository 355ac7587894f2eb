import { createHash } from 'node:crypto'
import { z } from 'zod'
import { decodeBase64 } from '../../core/base64.ts'
import { type Digest, hexOf } from '../../core/digest.ts'
import { canonicalJson, type Json, parseJson } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'
import { type Failure, failure, isFailure } from '../http/result.ts'
import { type LogClient, type LogReply, malformed } from './client.ts'

/** Searches of Rekor v1 (openapi.yaml: searchLogQuery, searchIndex, getLogEntryByUUID). */
export type Envelope = {
  readonly text: string
  readonly certificate: string | undefined
  /** SHA-256 of the payload, in hex: what an entry names that is about this envelope. */
  readonly payloadHash: string
}
/** Entries as the log sent them, by their UUID; `names`: one of them at least names the envelope's payload. */
export type Entries = { readonly bytes: Uint8Array; readonly names: boolean; readonly from: string }
export type Nothing = { readonly nothing: true; readonly from: string }

const uuid = z.string().regex(/^(?:[0-9a-f]{16})?[0-9a-f]{64}$/) // T41: becomes part of an address
const entry = z.looseObject({ body: z.string() })
const record = z.record(uuid, entry)
type Record_ = z.output<typeof record>

const dsse = z.object({
  payload: z.string(),
  signatures: z.array(z.object({ cert: z.string().nullish() })).min(1),
})

/** undefined where the bytes are no envelope with a certificate beside its signature. */
export function readBareEnvelope(bytes: Uint8Array, maxDepth: number): Envelope | undefined {
  const parsed = parseJson(bytes, maxDepth)
  const read = 'problem' in parsed ? undefined : dsse.safeParse(parsed.value).data
  const payload = read === undefined ? undefined : decodeBase64(read.payload)
  if (read === undefined || payload === undefined) return undefined
  return {
    text: Buffer.from(bytes).toString('utf8'),
    certificate: read.signatures[0]?.cert ?? undefined,
    payloadHash: createHash('sha256').update(payload).digest('hex'),
  }
}

/** By the envelope itself, as cosign and slsa-verifier ask: an entry that the log would make of these very bytes. */
export async function searchByEnvelope(
  client: LogClient,
  envelope: Envelope,
  limits: Limits,
  signal: AbortSignal,
): Promise<Entries | Nothing | Failure> {
  const { text, certificate } = envelope
  if (certificate === undefined) return { nothing: true, from: 'meshproof' }
  const spec = { content: { envelope: text }, publicKey: Buffer.from(certificate).toString('base64') }
  const reply = await client.ask(
    {
      path: '/api/v1/log/entries/retrieve',
      body: { entries: [{ kind: 'intoto', apiVersion: '0.0.1', spec }] },
      empty: [400, 404, 422], // an envelope that the log cannot make an entry of has none by this way
    },
    signal,
  )
  if (isFailure(reply)) return reply
  const list = z.array(record).nullish().safeParse(reply.value)
  if (!list.success) return malformed(reply.from)
  return entriesOf((list.data ?? []).slice(0, limits.referrers), envelope, reply, limits)
}

/** By the artifact's hash: whoever logged something about this artifact is found, strangers too (T36); read as far as the limits go. */
export async function searchByArtifact(
  client: LogClient,
  artifact: Digest,
  envelope: Envelope,
  limits: Limits,
  signal: AbortSignal,
): Promise<Entries | Nothing | Failure> {
  const found = await client.ask(
    { path: '/api/v1/index/retrieve', body: { hash: `sha256:${hexOf(artifact)}` }, empty: [404] },
    signal,
  )
  if (isFailure(found)) return found
  const list = z.array(uuid).nullish().safeParse(found.value)
  if (!list.success) return malformed(found.from)
  const wanted = [...new Set(list.data ?? [])].sort().slice(0, limits.referrers)
  const replies = await Promise.all(
    wanted.map((id) => client.ask({ path: `/api/v1/log/entries/${id}`, empty: [404] }, signal)),
  )
  const records: Record_[] = []
  let size = 0
  for (const [i, reply] of replies.entries()) {
    if (isFailure(reply)) return reply
    if (reply.value === undefined) continue // the index may name what is gone
    const read = record.safeParse(reply.value)
    if (!read.success || !isAnswerTo(wanted[i] ?? '', read.data)) return malformed(reply.from) // T88
    size += reply.size
    if (size > limits.logEntriesBytes) return tooMuch(reply.from, limits)
    records.push(read.data)
  }
  return entriesOf(records, envelope, found, limits)
}

/** One entry, under the UUID that was asked for: the tree's number before it may be left out. */
const isAnswerTo = (wanted: string, answer: Record_): boolean => {
  const [id, second] = Object.keys(answer)
  return id !== undefined && second === undefined && id.slice(-64) === wanted.slice(-64)
}

const tooMuch = (from: string, limits: Limits): Failure =>
  failure('log.failed', from, { found: `${from}: more than ${limits.logEntriesBytes} bytes` })

/** The list in one order: the same entries are the same evidence, in whichever order the log sent them. */
function entriesOf(
  records: readonly Record_[],
  envelope: Envelope,
  { from }: LogReply,
  limits: Limits,
): Entries | Nothing | Failure {
  const byId = new Map(records.flatMap((one) => Object.entries(one)))
  if (byId.size === 0) return { nothing: true, from }
  const ids = [...byId.keys()].sort()
  const list = ids.map((id) => ({ [id]: byId.get(id) }))
  try {
    return {
      bytes: Buffer.from(canonicalJson(list as unknown as Json), 'utf8'),
      names: ids.some((id) => payloadHashOf(byId.get(id)?.body ?? '', limits.jsonDepth) === envelope.payloadHash),
      from,
    }
  } catch {
    return malformed(from) // a number or a text that has no one form
  }
}

const body = z.object({
  spec: z.union([
    z.object({ content: z.object({ payloadHash: z.object({ value: z.string() }) }) }),
    z.object({ payloadHash: z.object({ value: z.string() }) }),
  ]),
})

/** What an entry of intoto or dsse says it is about; whether that holds is the judge's to say. */
function payloadHashOf(base64: string, maxDepth: number): string | undefined {
  const bytes = decodeBase64(base64)
  const parsed = bytes === undefined ? undefined : parseJson(bytes, maxDepth)
  const read = parsed === undefined || 'problem' in parsed ? undefined : body.safeParse(parsed.value).data
  if (read === undefined) return undefined
  return 'content' in read.spec ? read.spec.content.payloadHash.value : read.spec.payloadHash.value
}
