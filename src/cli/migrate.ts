import { limits } from '../core/limits.ts'
import { loadConfig } from '../examine/config.ts'
import { prepareQueue } from '../jobs/bullmq.ts'
import { openDatabase, ping } from '../store/database.ts'
import { migrate } from '../store/migrate.ts'
import { report } from './cause.ts'
import { tellingOfItsEnd } from './crash.ts'
import { readFlags, usage } from './flags.ts'
import { named, placeOf } from './open-service.ts'
import type { ExitCode } from './problem.ts'

/** Makes the tables of this version, as a role that may; says which migrations it applied. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  if (readFlags(args, {}).positionals.length > 0) throw usage('meshproof migrate takes no arguments.')
  const config = loadConfig(process.env)
  const database = await openDatabase(placeOf(config), limits, tellingOfItsEnd(report))
  try {
    await named(config, () => ping(database))
    const applied = await migrate(database)
    await prepareQueue(database.queuePool)
    for (const name of applied) process.stdout.write(`applied ${name}\n`)
    if (applied.length === 0) process.stdout.write('nothing to apply\n')
  } finally {
    await database.close()
  }
  return 0
}
