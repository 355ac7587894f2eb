import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import { decodeUtf8 } from '../core/json.ts'
import type { Likeness } from '../core/repeat.ts'
import type { Request } from '../core/request.ts'
import { memoryStore } from '../evidence/store/memory.ts'
import { addressesIn, withoutDownloads } from '../examine/downloaded.ts'
import type { Examination } from '../examine/examination.ts'
import { likenessOf } from '../examine/likeness.ts'
import { prepare, readRequest } from '../examine/prepare.ts'
import type { Lease } from '../store/leases.ts'
import { repeat, repeatWaiting, waitingFor } from '../store/repeats.ts'
import type { Service } from './service.ts'

type Parts = Pick<Service, 'keeper' | 'limits' | 'config'>

/** A request as the worker will prepare it, without a look at the world, and what it asks. */
export async function preparedAs(
  asked: Request,
  { keeper, limits, config }: Parts,
): Promise<{ readonly examination: Examination; readonly likeness: Likeness | undefined }> {
  const { examination } = await prepare(withoutDownloads(asked), {
    paths: 'none',
    store: memoryStore(),
    limits,
    now: keeper.now,
    publicGood: keeper.publicGood,
    ...(keeper.document !== undefined && { document: keeper.document }),
    ...(keeper.canonicalName !== undefined && { canonicalName: keeper.canonicalName }),
  })
  // What an address leads to is known once it was downloaded.
  const isRemote = addressesIn(asked).length > 0
  return { examination, likeness: isRemote ? undefined : await likenessOf(asked, examination, config) }
}

/** Whether a request that waited was answered by what another one has found meanwhile. */
export async function repeats(lease: Lease, service: Parts & Pick<Service, 'database'>): Promise<boolean> {
  const { database, keeper, limits } = service
  const likeness = lease.isLike ? await stillAsks(lease, service) : undefined
  return likeness !== undefined && (await repeat(database, lease, likeness, keeper.now(), limits))
}

/** What has just ended answers whoever waited for it; where it does not, they are worked on themselves. */
export async function answerOthers(lease: Lease, service: Parts & Pick<Service, 'database' | 'queue'>): Promise<void> {
  const { database, queue, keeper, limits } = service
  if (lease.likeness === undefined) return
  const waiting = () => waitingFor(database, lease.likeness as Digest, limits.sweepRows)
  if ((await waiting()).length === 0) return
  const likeness = await stillAsks(lease, service)
  if (likeness !== undefined) while ((await repeatWaiting(database, likeness, keeper.now(), limits)) > 0);
  const left = await waiting()
  if (left.length > 0) await queue.add(left)
}

/** What it asks; undefined where the program, or its configuration, is another one by now. */
async function stillAsks(lease: Lease, parts: Parts): Promise<Likeness | undefined> {
  try {
    const { likeness } = await preparedAs(readRequest(JSON.parse(decodeUtf8(lease.spec) ?? '')), parts)
    return likeness?.key === lease.likeness ? likeness : undefined
  } catch (error) {
    if (error instanceof Fault && error.status < 500) return undefined // whoever examines it says what is wrong
    throw error
  }
}
