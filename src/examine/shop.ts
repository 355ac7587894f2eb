import type { Digest } from '../core/digest.ts'
import type { Downloads } from '../core/downloads.ts'
import type { History } from '../core/history.ts'
import { limits } from '../core/limits.ts'
import type { Asked, EvidenceStore, Question } from '../core/observation.ts'
import type { Name } from '../core/reference.ts'
import type { Request } from '../core/request.ts'
import type { HashFile, Paths } from '../evidence/given/files.ts'
import type { ReadAssets } from '../evidence/given/pieces.ts'
import { downloaded } from './downloaded.ts'
import { type Examination, type ExaminedTrust, offline, type Source } from './examination.ts'
import { type Examined, examine } from './examine.ts'
import { prepare, type Shop } from './prepare.ts'
import { remembered } from './remembered.ts'
import { versions } from './versions.ts'

/** What one run of the command line keeps open: the network's sources, the trust, the clock. */
export type Shopkeeper = {
  readonly now: () => number
  readonly publicGood: (offline: boolean) => Promise<ExaminedTrust | undefined>
  readonly canonicalName?: (name: Name) => Name
  /** What reaches out; asked for only when a request is not offline. */
  readonly network: (typed: readonly string[]) => Promise<Reach>
  /** What an earlier run found in a log, for requests that are offline. */
  readonly recalled?: () => Promise<Pick<Reach, 'store' | 'log'>>
  readonly store: () => EvidenceStore
  readonly hash?: HashFile
  readonly readAssets?: ReadAssets
  /** Origins of mirrors that did not answer in passing; asked once a run. */
  readonly lost?: Set<string>
  /** A stored document; the command line has none. */
  readonly document?: (digest: Digest) => Promise<Uint8Array | undefined>
  /** What was seen before; the command line remembers nothing. */
  readonly history?: History
  /** Files of releases, by their addresses. */
  readonly downloads?: Downloads
  /** Causes go to the log, never into an answer. */
  readonly report: (error: unknown) => void
}

/** The run's store, into which everything goes that is fetched, and the places that are asked. */
type Reach = {
  readonly store: EvidenceStore
  readonly log: (question: Question, signal: AbortSignal, fresh?: boolean) => Promise<Asked | undefined>
  readonly registry: (question: Question, signal: AbortSignal, fresh?: boolean) => Promise<Asked>
}

/** Both of one request: what was asked, as it can be asked again, and what came of it. */
export type Done = { readonly examination: Examination; readonly examined: Examined }

/** One request from the shell to its answer; everything of it that can go wrong with the world is in the answer. */
export async function examineRequest(
  request: Request,
  paths: Paths,
  keeper: Shopkeeper,
  typed: readonly string[] = [],
  watch: Watch = {},
): Promise<Done> {
  const own = keeper.store()
  const shop: Shop = {
    paths,
    store: own,
    limits,
    now: keeper.now,
    publicGood: keeper.publicGood,
    ...(keeper.canonicalName !== undefined && { canonicalName: keeper.canonicalName }),
    ...(keeper.document !== undefined && { document: keeper.document }),
    ...(keeper.hash !== undefined && { hash: keeper.hash }),
    ...(keeper.readAssets !== undefined && { readAssets: keeper.readAssets }),
  }
  const here = await downloaded(request, keeper.downloads, limits)
  const { examination, sources, offline: closed } = await prepare(here, shop)
  const run = runOf(() => (closed ? keeper.recalled?.() : keeper.network(typed)))
  const store: EvidenceStore = {
    get: async (digest) => (await own.get(digest)) ?? (await run.opened())?.store?.get(digest),
    put: own.put,
  }
  const world = {
    store,
    sources: [
      ...(keeper.history === undefined ? [] : [remembered(keeper.history, own, keeper.now, limits)]),
      ...sources,
      ...sourcesOf(run, own, closed, keeper),
    ].map((source) => watched(source, watch)),
    history: keeper.history !== undefined,
    now: keeper.now,
    limits,
    versions: versions(),
    signal: AbortSignal.any([
      AbortSignal.timeout(limits.requestMs),
      ...(watch.signal === undefined ? [] : [watch.signal]),
    ]),
    ...(keeper.lost !== undefined && { lost: keeper.lost }),
  }
  return { examination, examined: await examine(examination, world) }
}

/** Who waits for the answer: told of each answered question, and may give up. */
export type Watch = { readonly answered?: (question: Question) => void; readonly signal?: AbortSignal }

const watched = (source: Source, { answered }: Watch): Source =>
  answered === undefined
    ? source
    : {
        tryAnswer: async (question, signal, sofar) => {
          const asked = await source.tryAnswer(question, signal, sofar)
          if (asked !== undefined) answered(question)
          return asked
        },
      }

type Opened = Promise<Partial<Reach> | undefined>
type Run = { readonly open: () => Opened; readonly opened: () => Opened | undefined }

/** What a run keeps open is opened by the first question that needs it. */
function runOf(open: () => Opened | undefined): Run {
  let opened: Opened | undefined
  return {
    open: () => {
      opened ??= open() ?? Promise.resolve(undefined)
      return opened
    },
    opened: () => opened,
  }
}

function sourcesOf({ open }: Run, own: EvidenceStore, closed: boolean, keeper: Shopkeeper): readonly Source[] {
  const log: Source = {
    tryAnswer: async (question, signal) => {
      if (question.ask !== 'log-entry') return undefined
      const reach = await open()
      // The envelope came along, so the request's own store has it; the log looks into the run's.
      const envelope = closed ? undefined : await own.get(question.envelope)
      if (envelope !== undefined) await reach?.store?.put(envelope, 'application/json')
      return reach?.log?.(question, signal)
    },
  }
  const registry: Source = {
    tryAnswer: async (question, signal) => (await open())?.registry?.(question, signal),
  }
  return [log, closed ? offline(keeper.now) : registry]
}
