import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { Fault } from '../core/fault.ts'
import type { Json } from '../core/json.ts'
import { limits } from '../core/limits.ts'
import { loadConfig } from '../examine/config.ts'
import { openService } from '../jobs/service.ts'
import { type Command, perform } from '../server/control/commands.ts'
import { askControl } from '../server/control/socket.ts'
import { report } from './cause.ts'

/** Where the embedded service keeps its data. */
export function dataFolder(env: NodeJS.ProcessEnv): string {
  if (env['MESHPROOF_DATA']) return env['MESHPROOF_DATA']
  const base = [env['XDG_STATE_HOME'], join(env['HOME'] ?? homedir(), '.local/state')].find(
    (path) => path && isAbsolute(path),
  )
  return join(base ?? '.', 'meshproof')
}

/** Asks the service that runs on the data folder; where none does, or the database is a server, does it here. */
export async function inService(command: Command): Promise<Json> {
  const { env } = process
  const url = env['DATABASE_URL']
  const folder = dataFolder(env)
  const told = url === undefined ? await askControl(folder, command) : undefined
  if (told !== undefined) return told
  const service = await openService({
    place: url === undefined ? { folder } : { url },
    redis: env['REDIS_URL'],
    config: loadConfig(env),
    env,
    limits,
    migrates: url === undefined,
    report,
  }).catch((error: unknown) => {
    throw error instanceof Fault ? error : new Fault('database.unreachable', { status: 503, cause: error })
  })
  try {
    return await perform(service, command, `http://127.0.0.1:${env['MESHPROOF_PORT'] ?? 8080}`)
  } finally {
    await service.close()
  }
}
