import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Service } from '../src/jobs/service.ts'
import { type Chore, startSweeper } from '../src/jobs/sweeper.ts'
import { refreshTrust } from '../src/jobs/trust.ts'
import { openThreads } from './threads.ts'
import { verification } from './verification.ts'

export type Station = {
  /** R16: takes nothing new, gives what runs this long, and hands the rest back. */
  readonly stop: (drainMs: number) => Promise<void>
}

/** A process at work: threads that examine, jobs that bring ids, the sweeper, and what is to be done now and then. */
export async function startStation(service: Service, file?: URL): Promise<Station> {
  const { queue, limits, keeper, report, at, config } = service
  const leaving = new AbortController()
  const threads = openThreads({ keeper, config, limits, ...(file !== undefined && { file }) })
  const place = { ...service, examine: threads.examine, leaving: leaving.signal }
  await queue.work((id) => verification(id, place), limits.workerParallel)
  const sweeper = startSweeper({ ...service, chores: choresOf(service) })
  return {
    stop: async (drainMs) => {
      await sweeper.stop()
      const resting = queue.rest().catch(report)
      const waited = new AbortController()
      await Promise.race([resting, sleep(drainMs, undefined, { signal: waited.signal }).catch(() => {})])
      waited.abort()
      leaving.abort()
      await Promise.race([resting, sleep(limits.queueWaitMs)])
      await threads.close()
      at?.('stopped')
    },
  }
}

function choresOf(service: Service): readonly Chore[] {
  const { database, requests, keeper, clock, limits, config } = service
  return [
    { everyMs: limits.sweepMs, run: () => clock.set() },
    { everyMs: limits.vacuumMs, run: () => requests.forgetKeys() },
    // Origins that did not answer in passing may be back.
    { everyMs: limits.vacuumMs, run: async () => keeper.lost?.clear() },
    // Measured: PGlite never vacuums by itself, and a queue of short-lived rows grows without end.
    // Nor does it ever make a checkpoint, so that its write-ahead log grows and is all read at the next start.
    ...(database.kind === 'pglite'
      ? ['CHECKPOINT', 'VACUUM ANALYZE'].map((command) => ({
          everyMs: limits.vacuumMs,
          run: () => sql.raw(command).execute(database.db),
        }))
      : []),
    ...(config.trustRefresh
      ? [
          {
            everyMs: limits.trustLookMs,
            atOnce: true,
            run: (leaving: AbortSignal) => refreshTrust(service, leaving),
          } as const,
        ]
      : []),
  ]
}
