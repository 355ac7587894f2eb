/** The service as it runs, over PGlite unless told otherwise: its app, its worker, and whoever calls it. */
import type { FastifyInstance, InjectOptions } from 'fastify'
import { type Limits, limits } from '../../src/core/limits.ts'
import type { Problem, VerdictAnswer } from '../../src/core/request.ts'
import { loadConfig } from '../../src/examine/config.ts'
import { openService } from '../../src/jobs/service.ts'
import type { Serving } from '../../src/jobs/stored-replay.ts'
import type { Tracing } from '../../src/jobs/tracing.ts'
import { createApp } from '../../src/server/app.ts'
import { type Scope, scopes } from '../../src/server/auth/permission.ts'
import { type LogOptions, loggerOf } from '../../src/server/log.ts'
import type { Place } from '../../src/store/database.ts'
import { startStation } from '../../workers/station.ts'
import { openReplays } from '../../workers/threads.ts'
import { preparedFolder } from '../store/prepared.ts'
import { conformance, type Document } from './document.ts'

type Got = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly text: string
  readonly bytes: Buffer
  readonly cookie: string | undefined
  /** As the test expects it; a test names what it looks at. */
  readonly json: <T = Verification>() => T
  readonly problem: Problem
}
export type Verification = {
  readonly id: string
  readonly state: string
  readonly outcome?: string
  readonly error?: Problem
  readonly answer?: VerdictAnswer
}
type Call = {
  readonly token?: string | null
  readonly cookie?: string
  readonly body?: unknown
  readonly raw?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** Whose connection it is. */
  readonly from?: string
}

export type Running = {
  readonly service: Serving
  readonly app: FastifyInstance
  readonly ask: (method: NonNullable<InjectOptions['method']>, url: string, call?: Call) => Promise<Got>
  /** Asks for a verification and waits for its end. */
  readonly verify: (request: object) => Promise<Verification>
  readonly token: (own?: readonly Scope[]) => Promise<string>
  /** The cookie of a new session. */
  readonly session: () => Promise<string>
  readonly close: () => Promise<void>
}

export type Start = {
  readonly place?: Place
  readonly limits?: Partial<Limits>
  readonly env?: Readonly<Record<string, string>>
  readonly log?: LogOptions
  /** Whether requests are worked off; default yes. */
  readonly works?: boolean
  readonly report?: (error: unknown) => void
  readonly tracing?: Tracing
  /** What the threads of replays run; another one than the service's only where they are poisoned. */
  readonly replays?: URL
}

export async function start(options: Start = {}): Promise<Running> {
  const env = { MESHPROOF_CACHE_PATH: '', MESHPROOF_TRUST_REFRESH: 'false', ...options.env }
  const errors: unknown[] = []
  const bounds = {
    ...limits,
    progressMs: 20,
    readyMs: 0,
    lameDuckMs: 0,
    rateAddress: 1e6,
    rateRefused: 1e6,
    ...options.limits,
  }
  const opened = await openService({
    place: options.place ?? (await preparedFolder()),
    redis: undefined,
    config: loadConfig(env),
    env,
    limits: bounds,
    migrates: true,
    report: options.report ?? ((error) => errors.push(error)),
    ...(options.tracing !== undefined && { tracing: options.tracing }),
  })
  const replayer = openReplays({ ...opened, ...(options.replays !== undefined && { file: options.replays }) })
  const service = { ...opened, replayer }
  const station = options.works === false ? undefined : await startStation(service)
  const app = await createApp(service, options.log === undefined ? {} : { log: loggerOf(options.log) })
  await app.ready()
  const operator = await service.access.operator()
  const token = async (own: readonly Scope[] = scopes) =>
    (await service.access.makeToken({ name: 'test', scopes: own, keepMs: 3_600_000 }, operator)).secret
  const all = await token()
  const document = JSON.parse(
    (await app.inject({ url: '/api/v1/openapi.json', headers: { authorization: `Bearer ${all}` } })).body,
  ) as Document
  const check = conformance(document)

  const ask: Running['ask'] = async (method, url, call = {}) => {
    const { token: own = call.cookie === undefined ? all : null, cookie, body, raw, headers, from } = call
    const answer = await app.inject({
      method,
      url,
      ...(from !== undefined && { remoteAddress: from }),
      headers: {
        ...(own !== null && { authorization: `Bearer ${own}` }),
        ...(cookie !== undefined && { cookie }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(raw !== undefined ? { payload: raw } : body !== undefined ? { payload: JSON.stringify(body) } : {}),
    })
    const path = url.split('?')[0] ?? ''
    if (path.startsWith('/api/v1/') && path !== '/api/v1/openapi.json' && answer.json !== undefined)
      if (!(answer.statusCode === 404 && answer.body.includes('request.no-route')))
        check({
          method,
          path,
          status: answer.statusCode,
          type: String(answer.headers['content-type'] ?? ''),
          text: answer.body,
        })
    const set = answer.headers['set-cookie']
    return {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string | undefined>,
      text: answer.body,
      bytes: answer.rawPayload,
      cookie: Array.isArray(set) ? set.join('; ') : set,
      json: <T>() => JSON.parse(answer.body) as T,
      get problem() {
        if (answer.statusCode < 400) throw new Error(`no problem: ${answer.statusCode} ${answer.body.slice(0, 300)}`)
        return JSON.parse(answer.body) as Problem
      },
    }
  }
  return {
    service,
    app,
    ask,
    token,
    verify: async (request) => {
      const got = await ask('POST', '/api/v1/verifications', { body: request, headers: { prefer: 'wait=50' } })
      if (got.status !== 200) throw new Error(`${got.status} ${got.text.slice(0, 500)}`)
      return got.json()
    },
    session: async () => {
      const { secret } = await service.access.makeLink(60_000)
      const made = await service.access.signIn(secret, 60_000)
      return `__Host-meshproof=${made?.secret}`
    },
    close: async () => {
      app.server.closeAllConnections()
      await app.close()
      await station?.stop(0)
      await replayer.close()
      await service.close()
      if (options.report === undefined && errors.length > 0) throw errors[0]
    },
  }
}
