/** The service as one process that dies at a named point. It is asked by messages, in the order in which the API does it. */
import { flushCompileCache } from 'node:module'
import { digestOf } from '../../src/core/digest.ts'
import { decodeUtf8 } from '../../src/core/json.ts'
import { limits } from '../../src/core/limits.ts'
import { loadConfig } from '../../src/examine/config.ts'
import { readRequest } from '../../src/examine/prepare.ts'
import { examineRequest } from '../../src/examine/shop.ts'
import { preparedAs } from '../../src/jobs/asked.ts'
import { openService } from '../../src/jobs/service.ts'
import { startSweeper } from '../../src/jobs/sweeper.ts'
import { finishedOf } from '../../workers/finished.ts'
import { verification } from '../../workers/verification.ts'
import type { Ask, Told } from './points.ts'

const [place = '{}', insecure = '', principal = '', policy = ''] = process.argv.slice(2)
const tell = (told: Told) => process.send?.(told)

let dieAt: string | undefined
const at = (point: string) => {
  if (point === dieAt) process.kill(process.pid, 'SIGKILL')
}

const quick = {
  ...limits,
  sweepMs: 150,
  sweepAgainMs: 50,
  requestBackoffMs: 1,
  progressMs: 50,
  leaseMs: 800,
  leaseRenewMs: 150,
  jobLockMs: 800,
  workerParallel: 2,
}
const env = {
  HOME: '/nonexistent',
  MESHPROOF_CACHE_PATH: '',
  MESHPROOF_REGISTRY_INSECURE: insecure,
  MESHPROOF_REGISTRY_ALLOWED: insecure,
}
const service = await openService({
  place: JSON.parse(place) as { readonly url: string },
  redis: undefined,
  config: loadConfig(env),
  env,
  limits: quick,
  migrates: false,
  report: () => {},
  at,
})
const { database, requests, queue, keeper } = service
await database.db
  .insertInto('principal')
  .values({ id: principal, kind: 'token', name: 'crash', created_at: new Date(), disabled_at: null })
  .onConflict((conflict) => conflict.column('id').doNothing())
  .execute()

// In place of the threads, which have no points of their own and cost a second each.
const examine = async (spec: Uint8Array) => {
  const request = readRequest(JSON.parse(decodeUtf8(spec) ?? ''))
  if (decodeUtf8(spec)?.includes('/throws:')) throw new Error('poison')
  return finishedOf(await examineRequest(request, 'none', keeper))
}
const workplace = { ...service, examine, leaving: new AbortController().signal, report: () => {} }
await queue.work((id) => verification(id, workplace), quick.workerParallel)
startSweeper({ ...service, report: () => {} })

process.on('message', (ask: Ask) => {
  answer(ask).catch((error: unknown) => tell({ error: String(error) }))
})
process.on('disconnect', () => process.exit(0))
tell({ ready: true })
flushCompileCache() // nobody who is killed writes it

async function answer({ dieAt: point, ...ask }: Ask): Promise<void> {
  dieAt = point
  if (ask.repeats) await ended((await asked({ ...ask, key: `${ask.key} before` })).id)
  const { id } = await asked(ask)
  at('answer.before')
  tell({ id })
  at('answer.after')
  tell({ state: await ended(id) })
}

async function asked({ key, image, lost, repeats }: Omit<Ask, 'dieAt'>): Promise<{ readonly id: string }> {
  const spec = Buffer.from(JSON.stringify({ subject: { image }, policy: JSON.parse(policy) as unknown }))
  const idempotency = { key, body: digestOf(spec), keepMs: 3_600_000 }
  const { likeness } = await preparedAs(readRequest(JSON.parse(decodeUtf8(spec) ?? '')), service)
  const made = await requests.create({
    ...{ spec, subject: image, policy: 'own-key', principal, idempotency },
    // It is left to the worker to find what it repeats.
    ...(repeats && likeness !== undefined && { likeness: { ...likeness, now: undefined } }),
  })
  if ('conflict' in made) throw new Error('a conflict')
  if (!lost && made.isNew) await service.enqueue(made.id)
  return made
}

async function ended(id: string): Promise<string> {
  for (;;) {
    const row = await requests.find(id)
    if (row?.state === 'done' || row?.state === 'parked') return row.outcome ?? row.state
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
}
