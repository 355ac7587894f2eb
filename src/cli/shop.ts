import { limits } from '../core/limits.ts'
import type { EvidenceStore } from '../core/observation.ts'
import type { Name } from '../core/reference.ts'
import type { Answer, Request } from '../core/request.ts'
import type { Paths } from '../evidence/given/files.ts'
import { memoryStore } from '../evidence/store/memory.ts'
import { type ExaminedTrust, offline, type Source } from '../examine/examination.ts'
import { type Examined, examine } from '../examine/examine.ts'
import { prepare } from '../examine/prepare.ts'
import { versions } from './versions.ts'

/** What one run of the command line keeps open: the network's sources, the trust, the clock. */
export type Shopkeeper = {
  readonly now: () => number
  readonly publicGood: (offline: boolean) => Promise<ExaminedTrust | undefined>
  readonly canonicalName?: (name: Name) => Name
  /** The sources that reach out; asked for only when a request is not offline. */
  readonly network: (store: EvidenceStore, typed: readonly string[]) => Promise<readonly Source[]>
  readonly store: () => EvidenceStore
  /** Causes go to the log, never into an answer. */
  readonly report: (error: unknown) => void
}

/** One request from the shell to its answer; everything of it that can go wrong with the world is in the answer. */
export async function examineRequest(
  request: Request,
  paths: Paths,
  keeper: Shopkeeper,
  typed: readonly string[] = [],
): Promise<Examined> {
  const store = keeper.store()
  const shop = {
    paths,
    store,
    limits,
    now: keeper.now,
    publicGood: keeper.publicGood,
    ...(keeper.canonicalName !== undefined && { canonicalName: keeper.canonicalName }),
  }
  const prepared = await prepare(request, shop)
  const reach =
    prepared.offline || !('image' in prepared.examination.subject)
      ? [offline(keeper.now)]
      : await keeper.network(store, typed)
  const signal = AbortSignal.timeout(limits.requestMs)
  return examine(prepared.examination, {
    store,
    sources: [...prepared.sources, ...reach],
    now: keeper.now,
    limits,
    versions: versions(),
    signal,
  })
}

export const answerRequest = async (request: Request, paths: Paths, keeper: Shopkeeper): Promise<Answer> =>
  (await examineRequest(request, paths, keeper)).answer

export { memoryStore }
