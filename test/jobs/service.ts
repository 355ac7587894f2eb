/** A service in this process, over a database of the tests, with a registry of the tests. */
import type { Report } from '../../src/core/cause.ts'
import { type Limits, limits } from '../../src/core/limits.ts'
import { loadConfig } from '../../src/examine/config.ts'
import { openService, type Service } from '../../src/jobs/service.ts'
import type { Place } from '../../src/store/database.ts'
import { type Station, startStation } from '../../workers/station.ts'
import { policyWith } from '../cli/scene.ts'

/** Short where a test would wait otherwise. */
export const quick: Limits = {
  ...limits,
  sweepMs: 300,
  sweepAgainMs: 100,
  requestBackoffMs: 50,
  progressMs: 50,
  leaseMs: 4_000,
  leaseRenewMs: 500,
  jobLockMs: 2_000,
  retryPauseMs: 10,
  workerParallel: 2,
}

export type Running = Service & {
  readonly station: Station | undefined
  readonly errors: unknown[]
  stop(): Promise<void>
}

export async function startService(
  place: Place,
  more: {
    readonly redis?: string
    readonly limits?: Limits
    readonly work?: boolean
    readonly file?: URL
    readonly insecure?: string
    readonly report?: Report
  } = {},
): Promise<Running> {
  const errors: unknown[] = []
  const env = {
    HOME: '/nonexistent',
    MESHPROOF_CACHE_PATH: '',
    MESHPROOF_TRUST_REFRESH: 'false',
    ...(more.insecure !== undefined && {
      MESHPROOF_REGISTRY_INSECURE: more.insecure,
      MESHPROOF_REGISTRY_ALLOWED: more.insecure,
    }),
  }
  const service = await openService({
    place,
    redis: more.redis,
    config: loadConfig(env),
    env,
    limits: more.limits ?? quick,
    migrates: true,
    report: more.report ?? ((error) => errors.push(error)),
  })
  const station = more.work === false ? undefined : await startStation(service, more.file)
  return {
    ...service,
    station,
    errors,
    stop: async () => {
      await station?.stop(0)
      await service.close()
    },
  }
}

/** Asks for a verification as the API does. */
export async function request(service: Service, image: string, more: object = {}): Promise<string> {
  const spec = Buffer.from(JSON.stringify({ subject: { image }, policy: policyWith(), ...more }))
  const made = await service.requests.create({ spec, subject: image, policy: 'own-key', principal: null })
  if ('conflict' in made) throw new Error('a conflict')
  await service.enqueue(made.id)
  return made.id
}

export const stateOf = async (service: Service, id: string): Promise<string | undefined> => {
  const row = await service.requests.find(id)
  return row?.outcome ?? row?.state
}
