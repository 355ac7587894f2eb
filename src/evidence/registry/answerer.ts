import type { Digest } from '../../core/digest.ts'
import { limits as defaultLimits, type Limits } from '../../core/limits.ts'
import type { Answerer, Asked, EvidenceStore, Question } from '../../core/observation.ts'
import { partsOf } from '../../core/reference.ts'
import { formatTime } from '../../core/time.ts'
import { fetchBlob } from './blobs.ts'
import { Client } from './client.ts'
import { HostRules } from './host-rules.ts'
import { fetchManifest, type Room } from './manifests.ts'
import { type Mirrors, placeOf } from './place.ts'
import { aboutAnother, fetchReferrers } from './referrers.ts'
import { failure } from './result.ts'
import { type Told, toldFailure } from './told.ts'
import { Wire } from './wire.ts'

export type RegistryOptions = {
  readonly store: EvidenceStore
  readonly mirrors?: Mirrors
  /** host[:port] that may speak plain HTTP and be private (MESHPROOF_REGISTRY_INSECURE). */
  readonly insecure?: Iterable<string>
  /** host[:port] that a person typed: may be private; a loopback one is asked in plain HTTP. */
  readonly typed?: Iterable<string>
  readonly limits?: Limits
  readonly now?: () => number
  /** Where the cause of an `internal.crash` goes. */
  readonly onFault?: (cause: unknown) => void
}

export type RegistryAnswerer = Answerer & { close(): Promise<void> }

/** Answers questions about images from their registries. */
export function registryAnswerer(options: RegistryOptions): RegistryAnswerer {
  const { store, mirrors = new Map(), limits = defaultLimits, now = Date.now, onFault } = options
  const rules = new HostRules({
    ...(options.typed && { typed: options.typed }),
    ...(options.insecure && { insecure: options.insecure }),
  })
  const wire = new Wire({ limits })
  const room: Room = { client: new Client({ wire, rules, limits }), store, limits }

  async function told(question: Question, signal: AbortSignal): Promise<Told> {
    if (question.ask === 'given') return toldFailure(failure('evidence.nothing-given', 'given', {}))
    const place = placeOf(question.image, mirrors, rules)
    switch (question.ask) {
      case 'resolve': {
        const { digest, tag = 'latest' } = partsOf(question.image)
        return fetchManifest(
          room,
          place,
          digest === undefined ? { ask: 'resolve', tag } : { ask: 'resolve', digest },
          signal,
        )
      }
      case 'manifest':
        return fetchManifest(room, place, { ask: 'manifest', digest: question.digest }, signal)
      case 'blob':
        return fetchBlob(room, place, question.digest, question.limit, signal)
      case 'referrers':
        return fetchReferrers(room, place, question.digest, signal)
      case 'tag': {
        const answer = await fetchManifest(room, place, { ask: 'tag', tag: question.tag }, signal)
        const subject = subjectOf(question.tag)
        return subject === undefined ? answer : aboutAnother(answer, subject)
      }
    }
  }

  return {
    async answer(question, signal): Promise<Asked> {
      const answer = await told(question, signal).catch((cause: unknown) => {
        onFault?.(cause)
        return toldFailure(failure('internal.crash', 'meshproof', {}))
      })
      const { outcome, from, detail, retryAfter } = answer
      return {
        question,
        outcome,
        beside: {
          from,
          at: now(),
          ...(retryAfter !== undefined && { retryAfter: formatTime(retryAfter) }),
          ...(detail !== undefined && { detail }),
        },
      }
    },
    close: () => wire.close(),
  }
}

/** `sha256-<hex>.sig` speaks of `sha256:<hex>`. */
const subjectOf = (tag: string): Digest | undefined => {
  const hex = /^sha256-([0-9a-f]{64})(?:\.|$)/.exec(tag)?.[1]
  return hex === undefined ? undefined : (`sha256:${hex}` as Digest)
}
