import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { verification } from '../../workers/verification.ts'
import { limits } from '../core/limits.ts'
import { loadConfig } from '../examine/config.ts'
import { openService } from '../jobs/service.ts'
import { startSweeper } from '../jobs/sweeper.ts'
import { createApp } from '../server/app.ts'
import { report } from './cause.ts'
import type { ExitCode } from './problem.ts'

/** Everything in one process: the embedded service. */
export async function run(): Promise<ExitCode> {
  const { env } = process
  const url = env['DATABASE_URL']
  const folder = env['MESHPROOF_DATA'] ?? stateFolder(env)
  const service = await openService({
    place: url === undefined ? { folder } : { url },
    redis: env['REDIS_URL'],
    config: loadConfig(env),
    env,
    limits,
    migrates: true,
    report,
  })
  await service.queue.work((id) => verification(id, service), limits.workerParallel)
  const sweeper = startSweeper(service.requests, service.queue, limits, report)
  const app = await createApp(service)
  const address = await app.listen({ host: '127.0.0.1', port: Number(env['MESHPROOF_PORT'] ?? 8080) })
  process.stdout.write(`meshproof listens on ${address}\n`)
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve)
    process.removeAllListeners('SIGINT').once('SIGINT', resolve)
  })
  sweeper.stop()
  await app.close()
  await service.close()
  return 0
}

function stateFolder(env: NodeJS.ProcessEnv): string {
  const base = [env['XDG_STATE_HOME'], join(env['HOME'] ?? homedir(), '.local/state')].find(
    (path) => path && isAbsolute(path),
  )
  return join(base ?? '.', 'meshproof')
}
