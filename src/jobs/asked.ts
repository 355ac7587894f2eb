import { Fault } from '../core/fault.ts'
import { decodeUtf8 } from '../core/json.ts'
import type { Likeness } from '../core/repeat.ts'
import type { Request } from '../core/request.ts'
import { memoryStore } from '../evidence/store/memory.ts'
import type { Examination } from '../examine/examination.ts'
import { likenessOf } from '../examine/likeness.ts'
import { prepare, readRequest } from '../examine/prepare.ts'
import type { Lease } from '../store/leases.ts'
import { repeat } from '../store/repeats.ts'
import type { Service } from './service.ts'

type Parts = Pick<Service, 'keeper' | 'limits' | 'config'>

/** A request as the worker will prepare it, without a look at the world, and what it asks. */
export async function preparedAs(
  asked: Request,
  { keeper, limits, config }: Parts,
): Promise<{ readonly examination: Examination; readonly likeness: Likeness }> {
  const { examination } = await prepare(asked, {
    paths: 'none',
    store: memoryStore(),
    limits,
    now: keeper.now,
    publicGood: keeper.publicGood,
    ...(keeper.document !== undefined && { document: keeper.document }),
    ...(keeper.canonicalName !== undefined && { canonicalName: keeper.canonicalName }),
  })
  return { examination, likeness: await likenessOf(asked, examination, config) }
}

/** Whether a request that waited was answered by what another one has found meanwhile. */
export async function repeats(lease: Lease, service: Parts & Pick<Service, 'database'>): Promise<boolean> {
  if (lease.like === undefined) return false
  try {
    const asked = readRequest(JSON.parse(decodeUtf8(lease.spec) ?? ''))
    const { likeness } = await preparedAs(asked, service)
    if (likeness.key !== lease.like) return false // the program, or its configuration, is another one by now
    return await repeat(service.database, lease, likeness, service.keeper.now(), service.limits)
  } catch (error) {
    if (error instanceof Fault && error.status < 500) return false // whoever examines it says what is wrong
    throw error
  }
}
