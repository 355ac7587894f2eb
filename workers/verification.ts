import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, type Report } from '../src/core/cause.ts'
import { Fault } from '../src/core/fault.ts'
import { problemOf } from '../src/core/problem.ts'
import { answerOthers, repeats } from '../src/jobs/asked.ts'
import type { Service } from '../src/jobs/service.ts'
import type { Tracing } from '../src/jobs/tracing.ts'
import type { At } from '../src/store/database.ts'
import type { Lease } from '../src/store/leases.ts'
import { isTrouble } from '../src/store/trouble.ts'
import { type Finished, finish } from '../src/store/verdicts.ts'
import type { Threads, Watch } from './threads.ts'

export type Workplace = Pick<Service, 'database' | 'leases' | 'queue' | 'limits' | 'keeper' | 'config'> & {
  readonly examine: Threads['examine']
  /** Ends when the process is about to: what is not done by then is handed back. */
  readonly leaving: AbortSignal
  readonly report: Report
  readonly tracing: Tracing
  readonly at?: At | undefined
}

/** One verification: takes the request, examines it, keeps what came of it. Throws only where the database stays away. */
export async function verification(id: string, place: Workplace): Promise<void> {
  const { database, leases, limits, at } = place
  at?.('job.taken')
  const lease = await leases.claim(id, limits.leaseMs)
  if (lease === undefined) return // done, cancelled, parked, or somebody else's
  const span = place.tracing.begin('verification', 'consumer', lease.traceparent ?? undefined, {
    'meshproof.request': id,
    'meshproof.attempt': lease.attempt,
  })
  const held = { ...hold(lease, place), span }
  try {
    if (await repeats(lease, place)) span.end({ 'meshproof.outcome': 'repeated' })
    else {
      const finished = await place.examine(lease.spec, { ...held, fresh: lease.fresh })
      at?.('judged')
      if (isOurs(finished)) throw new Fault('internal.crash', { status: 500 })
      await patiently(place, () => finish(database, lease, finished))
      span.end({ 'meshproof.outcome': finished.outcome })
    }
  } catch (error) {
    span.end({}, codeOf(error))
    await patiently(place, () => settle(error, lease, held, place))
  } finally {
    held.end()
  }
  // What fails here is the sweeper's: the request itself has its end.
  if (!place.leaving.aborted) await answerOthers(lease, place).catch(place.report)
  at?.('job.done')
}

/** A look-up that failed by our own doing says nothing of the image: it is tried again, not recorded. */
const isOurs = ({ observations }: Finished): boolean =>
  observations.some(({ outcome }) => 'failed' in outcome && outcome.failed === 'internal.crash')

async function settle(error: unknown, lease: Lease, held: Held, place: Workplace): Promise<void> {
  const { leases, limits, leaving, report } = place
  if (held.signal.aborted && !leaving.aborted) return // lost, or cancelled: nothing of it is ours any more
  if (leaving.aborted || isTrouble(error)) return leases.handBack(lease)
  if (!(error instanceof Fault) || error.status >= 500) report(error, { request: lease.id })
  if (error instanceof Fault && error.status < 500) return leases.refuse(lease, problemOf(error))
  return leases.fail(lease, problemOf(error), {
    attempts: limits.requestAttempts,
    backoffMs: limits.requestBackoffMs,
  })
}

/** R4: while the database is away, what was come to is kept as long as the lease may still be ours, then left to the next. */
async function patiently(place: Workplace, write: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + place.limits.leaseMs
  for (;;)
    try {
      await write()
      return
    } catch (error) {
      if (!isTrouble(error) || performance.now() > until || place.leaving.aborted) throw error
      place.report(error)
      await sleep(place.limits.sweepAgainMs)
    }
}

type Held = Watch & { readonly end: () => void }

/** Renews the lease while the work goes on, and says how far it has come; what lost its lease is given up. */
function hold(lease: Lease, { leases, limits, leaving, report }: Workplace): Held {
  const lost = new AbortController()
  let done = 0
  let told = -1
  let renewed = performance.now() // R9: no jump of the clock makes a lease older than it is
  let busy = false
  const timer = setInterval(() => {
    if (busy || (done === told && performance.now() - renewed < limits.leaseRenewMs)) return
    busy = true
    const now = performance.now()
    const count = done
    leases
      .renew(lease, limits.leaseMs, { phase: 'evidence', done: count, total: null, unit: 'look-ups' })
      .then((mine) => {
        told = count
        renewed = now
        if (!mine) lost.abort()
      })
      .catch(report)
      .finally(() => {
        busy = false
      })
  }, limits.progressMs)
  return {
    answered: () => {
      done++
    },
    signal: AbortSignal.any([lost.signal, leaving]),
    end: () => clearInterval(timer),
  }
}
