import { formatTime } from '../../core/time.ts'
import type { Service } from '../../jobs/service.ts'
import { pending } from '../../store/migrate.ts'

export type Check = { readonly name: string; readonly ready: boolean; readonly found?: string }

/** What must be there for this process to do its work; the age of the trusted root is shown, and stops nothing (T72). */
export async function readiness(service: Service): Promise<readonly Check[]> {
  const { database, queue } = service
  return Promise.all([
    check('database', async () => {
      await database.pool.query('SELECT 1')
      return database.kind
    }),
    check('migrations', async () => {
      const missing = await pending(database)
      if (missing.length > 0) throw new Missing(missing.join(', '))
      return 'applied'
    }),
    check('queue', async () => {
      const counts = await queue.counts()
      return Object.entries(counts)
        .map(([state, count]) => `${state} ${count}`)
        .join(', ')
    }),
    trustRoot(service),
  ])
}

/** What is missing may be said; what went wrong stands in the log. */
class Missing extends Error {}

async function check(name: string, look: () => Promise<string>): Promise<Check> {
  const late = AbortSignal.timeout(2_000)
  try {
    const slow = new Promise<never>((_, no) =>
      late.addEventListener('abort', () => no(new Missing('no answer in time'))),
    )
    return { name, ready: true, found: await Promise.race([look(), slow]) }
  } catch (error) {
    return { name, ready: false, found: error instanceof Missing ? error.message : 'does not answer' }
  }
}

async function trustRoot({ roots }: Service): Promise<Check> {
  const standing = await roots.standing().catch(() => undefined)
  const said = (at: Date) => formatTime(at.getTime())
  if (standing === undefined) return { name: 'trust-root', ready: true, found: 'none' }
  const { asOf, failedAt } = standing
  const age = asOf === undefined ? 'of unknown age' : `as of ${said(asOf)}`
  const trouble = failedAt === undefined ? '' : `; refreshing it failed at ${said(failedAt)}`
  return { name: 'trust-root', ready: true, found: age + trouble }
}
