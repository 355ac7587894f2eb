import { Fault } from '../core/fault.ts'
import { limits } from '../core/limits.ts'
import type { Config } from '../examine/config.ts'
import { openService, type Service } from '../jobs/service.ts'
import type { Place } from '../store/database.ts'
import { reportOrTell } from './crash.ts'

export const placeOf = ({ service: { databaseUrl, data } }: Config): Place =>
  databaseUrl === undefined ? { folder: data } : { url: databaseUrl }

/** The service as the configuration says; a database that does not answer is named. */
export async function openFor(config: Config, migrates: boolean): Promise<Service> {
  return named(config, () =>
    openService({
      place: placeOf(config),
      redis: config.service.redisUrl,
      config,
      env: process.env,
      limits,
      migrates,
      report: reportOrTell,
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
