import { limits } from '../core/limits.ts'
import type { EvidenceStore } from '../core/observation.ts'
import type { Name } from '../core/reference.ts'
import type { Request } from '../core/request.ts'
import type { Paths } from '../evidence/given/files.ts'
import { layered } from '../evidence/store/layered.ts'
import { type Examination, type ExaminedTrust, offline, type Source } from '../examine/examination.ts'
import { type Examined, examine } from '../examine/examine.ts'
import { prepare, type Shop } from '../examine/prepare.ts'
import { versions } from './versions.ts'

/** What one run of the command line keeps open: the network's sources, the trust, the clock. */
export type Shopkeeper = {
  readonly now: () => number
  readonly publicGood: (offline: boolean) => Promise<ExaminedTrust | undefined>
  readonly canonicalName?: (name: Name) => Name
  /** The sources that reach out; asked for only when a request is not offline. */
  readonly network: (
    typed: readonly string[],
  ) => Promise<{ readonly store: EvidenceStore; readonly sources: readonly Source[] }>
  readonly store: () => EvidenceStore
  /** Origins of mirrors that did not answer in passing; asked once a run. */
  readonly lost?: Set<string>
  /** Causes go to the log, never into an answer. */
  readonly report: (error: unknown) => void
}

/** Both of one request: what was asked, as it can be asked again, and what came of it. */
export type Done = { readonly examination: Examination; readonly examined: Examined }

/** One request from the shell to its answer; everything of it that can go wrong with the world is in the answer. */
export async function examineRequest(
  request: Request,
  paths: Paths,
  keeper: Shopkeeper,
  typed: readonly string[] = [],
): Promise<Done> {
  const own = keeper.store()
  const shop: Shop = {
    paths,
    store: own,
    limits,
    now: keeper.now,
    publicGood: keeper.publicGood,
    ...(keeper.canonicalName !== undefined && { canonicalName: keeper.canonicalName }),
  }
  const { examination, sources, offline: closed } = await prepare(request, shop)
  const reach = closed || !('image' in examination.subject) ? undefined : await keeper.network(typed)
  const store = reach === undefined ? own : layered(own, reach.store)
  const world = {
    store,
    sources: [...sources, ...(reach?.sources ?? [offline(keeper.now)])],
    now: keeper.now,
    limits,
    versions: versions(),
    signal: AbortSignal.timeout(limits.requestMs),
    ...(keeper.lost !== undefined && { lost: keeper.lost }),
  }
  return { examination, examined: await examine(examination, world) }
}
