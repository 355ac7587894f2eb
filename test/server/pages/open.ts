import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Digest } from '../../../src/core/digest.ts'
import { Fault } from '../../../src/core/fault.ts'
import { limits } from '../../../src/core/limits.ts'
import { problemOf } from '../../../src/core/problem.ts'
import { loadConfig } from '../../../src/examine/config.ts'
import { loadDemo } from '../../../src/jobs/demo.ts'
import { openService, type Service } from '../../../src/jobs/service.ts'
import { createApp } from '../../../src/server/app.ts'
import { fromColumn } from '../../../src/store/digest-column.ts'
import { openReplays, openThreads } from '../../../workers/threads.ts'
import { verification } from '../../../workers/verification.ts'
import { preparedFolder } from '../../store/prepared.ts'

/** The service over PGlite, its queue without a worker: nothing runs by itself, so that a test can look at each state. */
export const openInMemory = async (): Promise<Service> =>
  openService({
    place: await preparedFolder(),
    redis: undefined,
    config: loadConfig({ MESHPROOF_CACHE_PATH: '' }),
    env: {},
    limits: { ...limits, rateAddress: 1e6, ratePrincipal: 1e6 },
    migrates: true,
    report: () => {},
  })

/** One request to its end, as a worker would; nothing else runs meanwhile. */
export async function work(service: Service, id: string): Promise<void> {
  const { keeper, config } = service
  const threads = openThreads({ keeper, config, limits: service.limits })
  await verification(id, { ...service, examine: threads.examine, leaving: new AbortController().signal })
  await threads.close()
}

/** Asks as the API does, and leaves it to the test what becomes of it. */
export async function ask(service: Service, spec: object, subject: string, policy: string): Promise<string> {
  const created = await service.requests.create({
    spec: Buffer.from(JSON.stringify(spec)),
    subject,
    policy,
    principal: null,
  })
  if ('conflict' in created) throw new Error('a conflict')
  return created.id
}

export const image = (name: string, more: object = {}): object => ({
  subject: { image: name },
  policy: { profile: 'kong-mesh' },
  ...more,
})

/** One request in every state there is; the verdicts are those of the shipped pack, and one that could reach nothing. */
export async function fill(service: Service): Promise<Readonly<Record<State, string>>> {
  const { requests, leases } = service
  await loadDemo(service, null)
  const rows = await requests.list({}, 10)
  const of = (name: string) => rows.find(({ subject }) => subject.includes(name))?.id ?? ''
  const place = (name: string) => `docker.io/kong/${name}:2.14.3`
  const ended = async (name: string, how: (id: string) => Promise<unknown>, more: object = {}) => {
    const id = await ask(service, image(place(name), more), place(name), 'kong-mesh')
    await how(id)
    return id
  }
  const inconclusive = await ended('kumactl', (id) => work(service, id), { offline: true })
  const refused = await ended('kuma-dp', async (id) => {
    const lease = await leases.claim(id, 60_000)
    if (lease !== undefined)
      await leases.refuse(
        lease,
        problemOf(new Fault('reference.malformed', { parameters: { found: place('kuma-dp') } })),
      )
  })
  const parked = await ended('kong-mesh-operator', async (id) => {
    const lease = await leases.claim(id, 60_000)
    if (lease !== undefined) await leases.fail(lease, problemOf(new Error('broken')), { attempts: 1, backoffMs: 1000 })
  })
  const cancelled = await ended('kuma-universal', (id) => requests.cancel(id, null))
  const queued = await ended('kuma-cni', async () => {})
  const running = await ended('kuma-cp', async (id) => {
    const lease = await leases.claim(id, 3_600_000)
    if (lease !== undefined)
      await leases.renew(lease, 3_600_000, { phase: 'evidence', done: 14, total: null, unit: 'look-ups' })
  })
  return {
    trusted: of('kuma-cp'),
    rejected: of('kuma-dp'),
    inconclusive,
    refused,
    parked,
    cancelled,
    queued,
    running,
  }
}
export type State = 'trusted' | 'rejected' | 'inconclusive' | 'refused' | 'parked' | 'cancelled' | 'queued' | 'running'

/** The verdicts of one request, and what they are about. */
export async function verdictsOf(
  service: Service,
  id: string,
): Promise<readonly { readonly verdict: Digest; readonly subject: Digest }[]> {
  const rows = await service.database.db
    .selectFrom('request_verdict')
    .innerJoin('verdict', 'verdict.digest', 'request_verdict.verdict')
    .select(['verdict.subject', 'verdict.digest'])
    .where('request_id', '=', id)
    .orderBy('place')
    .execute()
  return rows.map(({ subject, digest }) => ({ subject: subject as Digest, verdict: fromColumn(digest) }))
}
/** The service as it runs, seen by somebody who is signed in with a browser. */
export type Pages = {
  readonly app: FastifyInstance
  /** The cookie of the session: its name and its value. */
  readonly session: { readonly name: string; readonly value: string }
  readonly inject: (options: InjectOptions) => Promise<LightMyRequestResponse>
  readonly close: () => Promise<void>
}

export async function openPages(service: Service): Promise<Pages> {
  const replayer = openReplays(service)
  const app = await createApp({ ...service, replayer })
  const { secret } = await service.access.makeLink(60_000)
  const made = await service.access.signIn(secret, 3_600_000)
  const session = { name: '__Host-meshproof', value: made?.secret ?? '' }
  return {
    app,
    session,
    inject: (options) =>
      app.inject({
        ...options,
        headers: {
          accept: 'text/html',
          'sec-fetch-site': 'same-origin',
          cookie: `${session.name}=${session.value}`,
          ...options.headers,
        },
      }),
    close: async () => {
      await app.close()
      await replayer.close()
    },
  }
}
