import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { limits } from '../src/core/limits.ts'
import { loadConfig } from '../src/examine/config.ts'
import { bullQueue, prepareQueue } from '../src/jobs/bullmq.ts'
import { openService, type Service } from '../src/jobs/service.ts'
import { createApp } from '../src/server/app.ts'
import { openDatabase, type Place } from '../src/store/database.ts'
import { newId } from '../src/store/id.ts'
import { migrate } from '../src/store/migrate.ts'
import { hasPostgres, startPostgres } from '../test/store/postgres.ts'
import { startStation } from '../workers/station.ts'
import { openReplays } from '../workers/threads.ts'
import { median, ratio } from './measure.ts'
import type { Told } from './registry.ts'

/** No place is taken and nobody is sent away: what is measured is the work. */
const bounds = { ...limits, ratePrincipal: 1e9, rateAddress: 1e9 }
const report = (error: unknown) => console.error('bench:', error)

/** The service as it runs, over each database: requests accepted, verified, and asked again. */
export async function service(requests = 10_000, images = 1_000): Promise<void> {
  const registry = await openRegistry(images)
  try {
    const folder = mkdtempSync(join(tmpdir(), 'meshproof-bench-'))
    let folders = 0
    await over('PGlite', async () => ({ folder: join(folder, String(++folders)) }), registry, requests, images)
    rmSync(folder, { recursive: true, force: true })
    if (!hasPostgres) return console.log('service over PostgreSQL: it is not installed here')
    const server = await startPostgres()
    await over('PostgreSQL', async () => ({ url: await server.createDatabase() }), registry, requests, images)
    await server.stop()
  } finally {
    registry.close()
  }
}

async function over(
  name: string,
  place: () => Promise<Place>,
  registry: Registry,
  requests: number,
  images: number,
): Promise<void> {
  const empty = await emptyJobs(await place(), requests)
  const env = {
    MESHPROOF_CACHE_PATH: '',
    MESHPROOF_REGISTRY_ALLOWED: registry.host,
    MESHPROOF_REGISTRY_INSECURE: registry.host,
  }
  const config = loadConfig(env)
  const service = await openService({
    place: await place(),
    redis: undefined,
    config,
    env,
    limits: bounds,
    migrates: true,
    report,
  })
  const opened = { ...service, replayer: openReplays(service) }
  const app = await createApp(opened)
  const token = await opened.access.makeToken(
    { name: 'bench', scopes: ['verifications:read', 'verifications:write'], keepMs: 3_600_000 },
    await opened.access.operator(),
  )
  const client = clientOf(app, token.secret)
  await accepted(name, opened, client, registry)
  const station = await startStation(opened)
  await verified(name, { opened, client, registry, empty, requests, images })
  await repeated(name, client, registry)
  await station.stop(0)
  await opened.replayer.close()
  await app.close()
  await opened.close()
}

/** Of so many a second: by the clock, and by the processor time of this process, which a busy machine does not change. */
type Rate = { readonly perSecond: number; readonly perCpuSecond: number }

function startRate(): (count: number) => Rate {
  const [cpu, began] = [process.cpuUsage(), performance.now()]
  return (count) => {
    const { user, system } = process.cpuUsage(cpu)
    return { perSecond: count / ((performance.now() - began) / 1000), perCpuSecond: count / ((user + system) / 1e6) }
  }
}

/** How many jobs a second BullMQ adds and runs to their end, as we use it, when they do nothing. */
async function emptyJobs(place: Place, count: number): Promise<Rate> {
  const database = await openDatabase(place, bounds, report)
  await migrate(database)
  await prepareQueue(database.queuePool)
  const queue = bullQueue({ pool: database.queuePool }, report)
  const ended = Promise.withResolvers<void>()
  let done = 0
  await queue.work(async () => {
    if (++done === count) ended.resolve()
  }, limits.workerParallel)
  const rateOf = startRate()
  for (let i = 0; i < count; i += limits.batchAtOnce)
    await queue.add(
      Array.from({ length: Math.min(limits.batchAtOnce, count - i) }, () => ({ id: newId(), attempt: 0 })),
    )
  await ended.promise
  const rate = rateOf(count)
  await queue.close()
  await database.close()
  return rate
}

/** Requests accepted, each in its own POST or as lines of one, against rows inserted one by one; nobody works on them. */
async function accepted(name: string, { database }: Service, client: Client, registry: Registry): Promise<void> {
  const count = 500
  const far = (i: number) => registry.asking(`accepted-${i}`, { at: '2026-01-01T00:00:00Z', offline: true })
  const spec = Buffer.from(JSON.stringify(far(0)))
  const rates = { bare: [] as number[], single: [] as number[], batch: [] as number[] }
  const rate = async (into: number[], work: () => Promise<unknown>) => {
    const began = performance.now()
    await work()
    into.push(count / ((performance.now() - began) / 1000))
  }
  for (let round = 0; round < 4; round++) {
    await rate(rates.bare, async () => {
      for (let i = 0; i < count; i++)
        await database.pool.query(
          `INSERT INTO meshproof.request (id, kind, spec, subject, policy, state, due_at, created_at)
           VALUES ($1, 'verification', $2, 'bench', 'bench', 'cancelled', now(), now())`,
          [newId(), spec],
        )
    })
    await rate(rates.single, async () => {
      for (let i = 0; i < count; i++) await client.post(far(round * count + i))
    })
    await rate(rates.batch, () => client.batch(Array.from({ length: count }, (_, i) => far(-1 - round * count - i))))
  }
  await database.pool.query("UPDATE meshproof.request SET state = 'cancelled'")
  const [bare, single, batch] = [rates.bare, rates.single, rates.batch].map((list) => median(list.slice(1))) as [
    number,
    number,
    number,
  ]
  console.log(
    `${name}: requests accepted, one POST each: ${single.toFixed(0)}/s, ${ratio(single, bare)} of bare inserts (${bare.toFixed(0)}/s); as lines of one POST: ${batch.toFixed(0)}/s, ${ratio(batch, bare)} of them`,
  )
}

type Parts = {
  readonly opened: Service
  readonly client: Client
  readonly registry: Registry
  readonly empty: Rate
  readonly requests: number
  readonly images: number
}

/** So many requests over fewer images, as batches, to the last verdict. */
async function verified(name: string, { opened, client, registry, empty, requests, images }: Parts): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  const asked = await registry.count()
  const resident: number[] = []
  delay.enable()
  const rateOf = startRate()
  const lines = Array.from({ length: requests }, (_, i) => registry.asking(String(i % images)))
  const sent = client.batch(lines)
  for (const share of [1 / 3, 1]) {
    while ((await trusted(opened)) < requests * share) await sleep(100)
    resident.push(process.memoryUsage.rss() / 2 ** 20)
  }
  await sent
  const rate = rateOf(requests)
  delay.disable()
  const [first = 0, last = 0] = [resident[0], resident.at(-1)]
  console.log(
    `${name}: ${requests} requests over ${images} signed images: ${rate.perSecond.toFixed(0)}/s, ${ratio(rate.perSecond, empty.perSecond)} of BullMQ with empty jobs (${empty.perSecond.toFixed(0)}/s), ${ratio(rate.perCpuSecond, empty.perCpuSecond)} by our processor time; ${(await registry.count()) - asked} registry requests; RSS ${first.toFixed(0)} MiB after a third, ${last.toFixed(0)} MiB at the end; event loop delay p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms`,
  )
}

async function trusted({ database }: Service): Promise<number> {
  const { rows } = await database.pool.query(
    "SELECT count(*)::int AS n, count(*) FILTER (WHERE outcome <> 'trusted')::int AS other FROM meshproof.request WHERE outcome IS NOT NULL",
  )
  if (rows[0]?.['other'] !== 0) throw new Error('not all are trusted')
  return Number(rows[0]['n'])
}

async function repeated(name: string, client: Client, registry: Registry): Promise<void> {
  const image = registry.asking('0')
  await client.post(image, { prefer: 'wait=60', 'cache-control': 'no-cache' })
  const asked = await registry.count()
  const times: number[] = []
  for (let i = 0; i < 300; i++) {
    const began = performance.now()
    const status = await client.post(image)
    times.push(performance.now() - began)
    if (status !== 200) throw new Error(`not answered at once: ${status}`)
  }
  console.log(
    `${name}: a repeated request: ${median(times).toFixed(2)} ms from POST to answer, ${(await registry.count()) - asked} registry requests`,
  )
}

type Client = {
  readonly post: (body: object, headers?: Readonly<Record<string, string>>) => Promise<number>
  readonly batch: (lines: readonly object[]) => Promise<void>
}

function clientOf(app: FastifyInstance, token: string): Client {
  const authorization = `Bearer ${token}`
  const url = '/api/v1/verifications'
  return {
    post: async (body, headers = {}) =>
      (await app.inject({ method: 'POST', url, payload: body, headers: { authorization, ...headers } })).statusCode,
    batch: async (lines) => {
      const answer = await app.inject({
        method: 'POST',
        url: `${url}/batch`,
        payload: lines.map((line) => JSON.stringify(line)).join('\n'),
        headers: { authorization, 'content-type': 'application/x-ndjson' },
      })
      if (answer.statusCode !== 200 || answer.body.includes('"problem"')) throw new Error(answer.body.slice(0, 500))
    },
  }
}

type Registry = {
  readonly host: string
  readonly asking: (name: string, more?: object) => object
  readonly count: () => Promise<number>
  readonly close: () => void
}

async function openRegistry(images: number): Promise<Registry> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'registry.ts'), [String(images)])
  const heard = async (): Promise<Told> => ((await once(child, 'message')) as [Told])[0]
  const told = await heard()
  if (!('host' in told)) throw new Error('a registry without a host')
  const { host, policy } = told
  return {
    host,
    asking: (name, more = {}) => ({ subject: { image: `${host}/bench/${name}:1.0.0` }, policy, ...more }),
    count: async () => {
      const answer = heard()
      child.send({})
      const counted = await answer
      return 'requests' in counted ? counted.requests : 0
    },
    close: () => {
      child.kill()
    },
  }
}
