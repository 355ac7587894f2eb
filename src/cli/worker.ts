import { startStation } from '../../workers/station.ts'
import { limits } from '../core/limits.ts'
import { loadConfig } from '../examine/config.ts'
import { createOperations } from '../server/app.ts'
import { loggerOf } from '../server/log.ts'
import { ending } from './ending.ts'
import { readFlags, usage } from './flags.ts'
import { listen } from './listen.ts'
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
  const service = await openFor(config, false, log)
  const { port, listen: host } = config.operations
  const told = port === undefined ? undefined : await createOperations(service, { log })
  try {
    if (told !== undefined && port !== undefined)
      process.stdout.write(`meshproof tells how it is on ${await listen(told, host, port)}\n`)
    const station = await startStation(service)
    process.stdout.write(`meshproof works on ${limits.workerParallel} requests at a time\n`)
    const how = await end.asked
    told?.drain()
    await station.stop(how === 'gently' ? limits.drainMs : 0)
  } finally {
    told?.server.closeAllConnections()
    await told?.close()
    await service.close()
  }
  return 0
}
