import type { FastifyBaseLogger } from 'fastify'
import { Fault } from '../core/fault.ts'
import { limits } from '../core/limits.ts'
import type { Config } from '../examine/config.ts'
import { openTracing } from '../jobs/open-tracing.ts'
import { openService, type Service } from '../jobs/service.ts'
import { reportTo } from '../server/log.ts'
import type { Place } from '../store/database.ts'
import { report } from './cause.ts'
import { tellingOfItsEnd } from './crash.ts'

export const placeOf = ({ service: { databaseUrl, data } }: Config): Place =>
  databaseUrl === undefined ? { folder: data } : { url: databaseUrl }

/**
 * The service as the configuration says; a database that does not answer is named. With a log it is a process of the
 * service: causes go there, and traces where the environment says.
 */
export async function openFor(config: Config, migrates: boolean, log?: FastifyBaseLogger): Promise<Service> {
  const told = tellingOfItsEnd(log === undefined ? report : reportTo(log))
  return named(config, async () =>
    openService({
      place: placeOf(config),
      redis: config.service.redisUrl,
      config,
      env: process.env,
      limits,
      migrates,
      report: told,
      ...(log !== undefined && { tracing: await openTracing(config.traces, told) }),
    }),
  )
}

export async function named<T>(config: Config, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (cause) {
    if (!(cause instanceof Fault) || cause.code !== 'database.unreachable') throw cause
    const shown = config.settings.find(({ key }) => key === 'service.database')?.value
    throw new Fault('database.not-there', { status: 503, cause, parameters: { found: String(shown) } })
  }
}
