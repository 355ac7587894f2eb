import { limits as defaultLimits, type Limits } from '../../core/limits.ts'
import type { Lookups } from '../../core/lookups.ts'
import { type Answerer, type Asked, type EvidenceStore, isOfHistory, type Question } from '../../core/observation.ts'
import { formatTime } from '../../core/time.ts'
import type { Waits } from '../../core/waits.ts'
import { Flights } from '../flights.ts'
import type { Lookup } from '../http/connect.ts'
import { Dispatchers } from '../http/dispatchers.ts'
import { HostRules } from '../http/host-rules.ts'
import type { ProxyEnv } from '../http/proxy.ts'
import { failure } from '../http/result.ts'
import { type Exchanged, Wire } from '../http/wire.ts'
import { memoryLookups } from '../lookups.ts'
import { recallFresh, remember } from '../remembering.ts'
import { inTime, late, type Told, toldFailure } from '../told.ts'
import { aboutAnother, subjectOf } from './about.ts'
import { isAskable } from './askable.ts'
import { blobOf } from './blobs.ts'
import { Client } from './client.ts'
import { anonymous, type Credentials } from './credentials.ts'
import { Login } from './login.ts'
import { fetchManifest, manifestOf, type Room } from './manifests.ts'
import { lookupKey, type Mirrors, placeOf } from './place.ts'
import type { Realms } from './realm.ts'
import { fetchReferrers } from './referrers.ts'
import { resolve } from './resolve.ts'

export type RegistryOptions = {
  /** Received bytes go here; what it holds is not asked for again. Must keep what it is given for as long as it is judged. */
  readonly store: EvidenceStore
  /** Answers of earlier processes; default: of this one only. */
  readonly lookups?: Lookups
  readonly credentials?: Credentials
  /** Name prefix → prefix that is asked in its place. */
  readonly mirrors?: Mirrors
  /** host[:port] that may speak plain HTTP and be private (MESHPROOF_REGISTRY_INSECURE); `https://host[:port]` only lets it be private. */
  readonly insecure?: Iterable<string>
  /** host[:port] that a person typed or the installation registered: may be private; a loopback one is asked in plain HTTP. */
  readonly typed?: Iterable<string>
  /** Registry host → hosts that may ask for its password (T45), beside the known ones. */
  readonly realms?: Realms
  /** PEM certificates trusted beside Node's. */
  readonly authorities?: readonly string[]
  /** HTTPS_PROXY, HTTP_PROXY, NO_PROXY in both spellings. */
  readonly proxyEnv?: ProxyEnv
  readonly limits?: Limits
  readonly now?: () => number
  readonly waits?: Waits
  readonly lookup?: Lookup
  /** Where the cause of an `internal.crash` goes. */
  readonly onFault?: (cause: unknown) => void
  readonly exchanged?: Exchanged | undefined
}

export type RegistryAnswerer = Answerer & { close(): Promise<void> }

/** Answers questions about images from their registries; knows no policy, throws nothing. */
export function registryAnswerer(options: RegistryOptions): RegistryAnswerer {
  const {
    store,
    lookups = memoryLookups(),
    credentials = anonymous,
    mirrors = new Map(),
    limits = defaultLimits,
    now = Date.now,
  } = options
  const { realms = new Map(), authorities = [], proxyEnv = {}, onFault = () => {} } = options
  const rules = new HostRules({ typed: options.typed ?? [], insecure: options.insecure ?? [] })
  const dispatchers = new Dispatchers({ connectMs: limits.connectMs, lookup: options.lookup, authorities, proxyEnv })
  const wire = new Wire(limits, dispatchers, (trouble) => `registry.${trouble}`, options.exchanged)
  const login = new Login({ wire, rules, realms, limits, now, credentials })
  const room: Room = {
    client: new Client({ wire, rules, limits, login, now, waits: options.waits }),
    store,
    lookups,
    limits,
    now,
  }
  const flights = new Flights<Told>(({ outcome, transient }) =>
    !transient ? 'keep' : 'failed' in outcome && outcome.failed === 'limit.time' ? 'gave-up' : 'fault',
  )

  async function told(question: Question, signal: AbortSignal, fresh: boolean): Promise<Told> {
    if (!('image' in question) || isOfHistory(question))
      return toldFailure(failure('evidence.nothing-given', 'given', {}))
    if (!isAskable(question)) return toldFailure(failure('reference.malformed', 'meshproof', {})) // T41
    const place = placeOf(question.image, mirrors, rules)
    switch (question.ask) {
      case 'resolve':
        return resolve(room, place, question, signal)
      case 'manifest':
        return manifestOf(room, place, question.digest, signal)
      case 'blob':
        return blobOf(room, place, question.digest, question.limit, signal)
      case 'referrers':
      case 'tag': {
        const key = lookupKey(question, place)
        const known = fresh ? undefined : await recallFresh(room, key)
        if (known !== undefined) return known
        const { ask } = question
        const answer =
          ask === 'tag'
            ? aboutAnother(
                await fetchManifest(room, place, { ask, tag: question.tag }, signal),
                subjectOf(question.tag),
              )
            : await fetchReferrers(room, place, question.digest, signal)
        await remember(room, key, answer)
        return answer
      }
    }
  }

  /** Never rejects: what happens is an observation, and a bug is one too (shapes: "Faults, time, limits"). */
  const safely = (question: Question, signal: AbortSignal, fresh: boolean): Promise<Told> =>
    told(question, signal, fresh).catch((cause: unknown) => {
      onFault(cause)
      return toldFailure(failure('internal.crash', 'meshproof', {}))
    })

  return {
    async answer(question, signal, fresh = false): Promise<Asked> {
      const key = JSON.stringify([question, fresh])
      const flight = () => flights.join(key, () => safely(question, signal, fresh))
      const { outcome, from, at = now(), detail, retryAfter } = signal.aborted ? late : await inTime(signal, flight())
      const beside = {
        from,
        at,
        ...(retryAfter !== undefined && { retryAfter: formatTime(retryAfter) }),
        ...(detail !== undefined && { detail }),
      }
      return { question, outcome, beside }
    },
    close: () => dispatchers.close(),
  }
}
