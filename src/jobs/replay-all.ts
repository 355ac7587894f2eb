import type { Code } from '../core/codes.ts'
import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import type { VerdictOutcome } from '../core/verdict.ts'
import { inParallel } from '../examine/gather.ts'
import { judgedAfter, Requests } from '../store/requests.ts'
import { restoreVerdicts, rowsOfVerdicts } from '../store/restore.ts'
import { isTrouble } from '../store/trouble.ts'
import type { Checked, Serving } from './stored-replay.ts'

/** One page of all that was ever judged, judged again. `next` is where the page after it begins. */
export type ReplayedPage = {
  readonly requests: number
  readonly verdicts: number
  readonly same: number
  /** Verdicts that other rules judged than ours. */
  readonly otherRules: number
  /** Verdicts whose own row is not there; it follows from what is. */
  readonly lost: number
  readonly restored: number
  readonly differ: readonly Differs[]
  readonly broken: readonly Broken[]
  readonly next: string | null
}
type About = { readonly request: string; readonly subject: string }
export type Differs = About & {
  readonly platform?: string
  readonly verdict: Digest
  readonly becomes: Digest
  readonly was: VerdictOutcome
  readonly is: VerdictOutcome
}
/** What stands in the way: `found` names the digests. */
export type Broken = About & { readonly code: Code; readonly found: string }

/** Every request with a verdict, a page at a time: what is read of one is forgotten before the next page begins. */
export async function replayPage(
  service: Serving,
  after: string | undefined,
  restores: boolean,
): Promise<ReplayedPage> {
  const { database, limits } = service
  const rows = await judgedAfter(database, after, limits.replayRows)
  const pages = await inParallel(rows, limits.replayParallel, (row) => replayRow(service, row, restores))
  const sum = (of: (one: Row) => number) => pages.reduce((all, one) => all + of(one), 0)
  return {
    requests: rows.length,
    verdicts: sum(({ verdicts }) => verdicts),
    same: sum(({ same }) => same),
    otherRules: sum(({ otherRules }) => otherRules),
    lost: sum(({ lost }) => lost),
    restored: sum(({ restored }) => restored),
    differ: pages.flatMap(({ differ }) => differ),
    broken: pages.flatMap(({ broken }) => broken),
    next: rows.length < limits.replayRows ? null : (rows.at(-1)?.id ?? null),
  }
}

type Row = Omit<ReplayedPage, 'requests' | 'next'>
const nothing: Row = { verdicts: 0, same: 0, otherRules: 0, lost: 0, restored: 0, differ: [], broken: [] }

async function replayRow(
  { database, limits, replayer, report }: Serving,
  { id, subject }: { readonly id: string; readonly subject: string },
  restores: boolean,
): Promise<Row> {
  const about = { request: id, subject }
  const result = await new Requests(database, limits).result(id)
  if (result === undefined) return nothing // taken away meanwhile
  let checked: Checked
  try {
    checked = await replayer.check(result)
  } catch (error) {
    if (isTrouble(error)) throw error
    if (!(error instanceof Fault)) report(error)
    const { code, parameters } = error instanceof Fault ? error : new Fault('internal.crash')
    return { ...nothing, broken: [{ ...about, code, found: String(parameters['found'] ?? '') }] }
  }
  const { verdicts, oldRules, at } = checked
  const differ = verdicts.filter(({ stored, digest }) => stored !== digest)
  const rows = await rowsOfVerdicts(
    database,
    verdicts.map(({ stored }) => stored),
  )
  const lost = verdicts.filter(({ stored }) => !rows.has(stored))
  const altered = verdicts.filter(({ stored }) => rows.get(stored) === 'altered')
  // Bytes that hash to the name of a verdict are that verdict, wherever they come from; others are not written.
  const writes = restores && differ.length === 0
  return {
    verdicts: verdicts.length,
    same: verdicts.length - differ.length,
    otherRules: oldRules === undefined ? 0 : verdicts.length,
    lost: lost.length,
    restored: writes ? await restoreVerdicts(database, id, Date.parse(at), verdicts) : 0,
    differ: differ.map(({ stored, digest, verdict, was, platform }) => ({
      ...about,
      ...(platform !== undefined && { platform }),
      verdict: stored,
      becomes: digest,
      was,
      is: verdict.outcome,
    })),
    broken: writes ? [] : altered.map(({ stored }) => ({ ...about, code: 'store.altered', found: stored })),
  }
}
