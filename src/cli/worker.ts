import { startStation } from '../../workers/station.ts'
import { limits } from '../core/limits.ts'
import { loadConfig } from '../examine/config.ts'
import { loggerOf, reportTo } from '../server/log.ts'
import { ending } from './ending.ts'
import { readFlags, usage } from './flags.ts'
import { openFor } from './open-service.ts'
import type { ExitCode } from './problem.ts'

/** Takes requests out of the queue and verifies them; any number of these may run beside `serve`. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  if (readFlags(args, {}).positionals.length > 0) throw usage('meshproof worker takes no arguments.')
  const config = loadConfig(process.env)
  if (config.service.databaseUrl === undefined)
    throw usage('meshproof worker needs DATABASE_URL: the embedded service has its workers inside.')
  const end = ending()
  const log = loggerOf({})
  const service = await openFor(config, false, reportTo(log))
  try {
    const station = await startStation(service)
    process.stdout.write(`meshproof works on ${limits.workerParallel} requests at a time\n`)
    const how = await end.asked
    await station.stop(how === 'gently' ? limits.drainMs : 0)
  } finally {
    await service.close()
  }
  return 0
}
