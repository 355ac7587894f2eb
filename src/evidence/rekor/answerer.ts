import { isDigest } from '../../core/digest.ts'
import { Fault } from '../../core/fault.ts'
import { givenTypes } from '../../core/given-types.ts'
import { limits as defaultLimits, type Limits } from '../../core/limits.ts'
import type { Lookups } from '../../core/lookups.ts'
import { type Asked, type EvidenceStore, type LogQuestion, type Question, questionKey } from '../../core/observation.ts'
import { formatTime } from '../../core/time.ts'
import type { Waits } from '../../core/waits.ts'
import { Flights } from '../flights.ts'
import type { Lookup } from '../http/connect.ts'
import type { ProxyEnv } from '../http/proxy.ts'
import { failure, isFailure } from '../http/result.ts'
import type { Exchanged } from '../http/wire.ts'
import { memoryLookups } from '../lookups.ts'
import { cacheOf, type Memory, recallFound, recallFresh, remember } from '../remembering.ts'
import { inTime, late, type Told, toldAbsent, toldFailure, toldFound } from '../told.ts'
import type { LogClient } from './client.ts'
import type { Entries, Nothing } from './search.ts'

export type LogOptions = {
  /** Holds the envelopes that are asked about, and takes what the log answers. */
  readonly store: EvidenceStore
  readonly lookups?: Lookups
  readonly url: URL
  /** Named by the installation: may be private, and plain HTTP where the address says so. */
  readonly registered?: boolean
  /** PEM certificates trusted beside Node's, and proxies; read when the log is first asked. */
  readonly route?: () => Promise<{ readonly authorities: readonly string[]; readonly proxyEnv: ProxyEnv }>
  readonly limits?: Limits
  readonly now?: () => number
  readonly waits?: Waits
  readonly lookup?: Lookup
  /** Where the cause of an `internal.crash` goes. */
  readonly onFault?: (cause: unknown) => void
  readonly exchanged?: Exchanged | undefined
}

export type LogAnswerer = {
  /** undefined: not a question to a log. */
  tryAnswer(question: Question, signal: AbortSignal, fresh?: boolean): Promise<Asked | undefined>
  /** What an earlier look-up found, without network; undefined where there was none. */
  recall(question: Question): Promise<Asked | undefined>
  close(): Promise<void>
}

/**
 * Answers questions about log entries from a Rekor v1 log: by the envelope, then by the artifact. Knows no policy, verifies
 * nothing, throws nothing. What was found of an envelope is remembered for ever: an entry of a log does not change.
 */
export function logAnswerer(options: LogOptions): LogAnswerer {
  const { store, lookups = memoryLookups(), url, registered = false, route = direct } = options
  const { limits = defaultLimits, now = Date.now, lookup, onFault = () => {} } = options
  const memory: Memory = { store, lookups, limits, now }
  const flights = new Flights<Told>(({ outcome, transient }) =>
    !transient ? 'keep' : 'failed' in outcome && outcome.failed === 'limit.time' ? 'gave-up' : 'fault',
  )
  let client: Promise<LogClient> | undefined
  /** undici comes only when the log is really asked. */
  const openClient = async (): Promise<LogClient> => {
    const [{ LogClient }, way] = await Promise.all([import('./client.ts'), route()])
    return new LogClient({
      url,
      registered,
      ...way,
      lookup,
      limits,
      now,
      waits: options.waits,
      exchanged: options.exchanged,
    })
  }

  const keptKey = ({ envelope }: LogQuestion) => `${url.href} entries of ${envelope}`
  const freshKey = (question: LogQuestion) => `${url.href} ${questionKey(question)}`
  const mediaType = givenTypes.logEntry

  async function recalled(question: LogQuestion, fresh = false): Promise<Told | undefined> {
    const kept = await recallFound(memory, keptKey(question))
    if (kept !== undefined) return toldFound({ found: kept.digest, mediaType }, cacheOf(kept.at), kept.at)
    return fresh ? undefined : recallFresh(memory, freshKey(question))
  }

  async function told(question: LogQuestion, signal: AbortSignal, fresh: boolean): Promise<Told> {
    if (!isDigest(question.artifact) || !isDigest(question.envelope))
      return toldFailure(failure('reference.malformed', 'meshproof', {}))
    const known = await recalled(question, fresh)
    if (known !== undefined) return known
    const { readBareEnvelope, searchByArtifact, searchByEnvelope } = await import('./search.ts')
    const bytes = await store.get(question.envelope)
    const envelope = bytes === undefined ? undefined : readBareEnvelope(bytes, limits.jsonDepth)
    if (envelope === undefined)
      return toldFailure(failure('evidence.missing', 'meshproof', { found: question.envelope }))
    client ??= openClient()
    const log = await client
    const [first, second] = [`envelope ${question.envelope}`, questionKey(question)]
    const byEnvelope = await flights.join(first, async () =>
      toldOf(await searchByEnvelope(log, envelope, limits, signal), question),
    )
    if (!('absent' in byEnvelope.outcome)) return byEnvelope
    return flights.join(second, async () => {
      const answer = await toldOf(await searchByArtifact(log, question.artifact, envelope, limits, signal), question)
      await remember(memory, freshKey(question), answer) // strangers may stand there today, and ours tomorrow
      return answer
    })
  }

  async function toldOf(
    found: Entries | Nothing | Parameters<typeof toldFailure>[0],
    question: LogQuestion,
  ): Promise<Told> {
    if (isFailure(found)) return toldFailure(found)
    if ('nothing' in found) return toldAbsent(found.from)
    const answer = toldFound({ found: await store.put(found.bytes, mediaType), mediaType }, found.from)
    if (found.names) await remember(memory, keptKey(question), answer)
    return answer
  }

  const asked = (question: Question, { outcome, from, at = now(), detail, retryAfter }: Told): Asked => ({
    question,
    outcome,
    beside: {
      from,
      at,
      ...(retryAfter !== undefined && { retryAfter: formatTime(retryAfter) }),
      ...(detail !== undefined && { detail }),
    },
  })

  return {
    async tryAnswer(question, signal, fresh = false) {
      if (question.ask !== 'log-entry') return undefined
      const safely = told(question, signal, fresh).catch((cause: unknown) => {
        if (cause instanceof Fault) throw cause // of the route: the installation's configuration does not load
        onFault(cause)
        return toldFailure(failure('internal.crash', 'meshproof', {}))
      })
      return asked(question, signal.aborted ? late : await inTime(signal, safely))
    },
    async recall(question) {
      if (question.ask !== 'log-entry') return undefined
      const known = await recalled(question)
      return known === undefined ? undefined : asked(question, known)
    },
    close: async () => (await client)?.close(),
  }
}

const direct = () => Promise.resolve({ authorities: [], proxyEnv: {} })
