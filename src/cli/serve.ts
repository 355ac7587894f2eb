import { verification } from '../../workers/verification.ts'
import { limits } from '../core/limits.ts'
import { loadConfig } from '../examine/config.ts'
import { loadDemo } from '../jobs/demo.ts'
import { openService } from '../jobs/service.ts'
import { startSweeper } from '../jobs/sweeper.ts'
import { createApp } from '../server/app.ts'
import { announceLink } from '../server/auth/link.ts'
import { openControl } from '../server/control/socket.ts'
import { report } from './cause.ts'
import { readFlags, usage } from './flags.ts'
import type { ExitCode } from './problem.ts'
import { dataFolder } from './service-command.ts'

/** Everything in one process: the embedded service. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, { demo: { type: 'boolean' } })
  if (positionals.length > 0) throw usage('meshproof serve takes no arguments.')
  const { env } = process
  const url = env['DATABASE_URL']
  const folder = dataFolder(env)
  const service = await openService({
    place: url === undefined ? { folder } : { url },
    redis: env['REDIS_URL'],
    config: loadConfig(env),
    env,
    limits,
    migrates: true,
    report,
  })
  if (values.demo === true) await loadDemo(service, null)
  await service.queue.work((id) => verification(id, service), limits.workerParallel)
  const sweeper = startSweeper(service.requests, service.queue, limits, report)
  const app = await createApp(service)
  const origin = await app.listen({ host: '127.0.0.1', port: Number(env['MESHPROOF_PORT'] ?? 8080) })
  const own = url === undefined ? folder : undefined
  const control = own === undefined ? undefined : await openControl(service, own, origin)
  process.stdout.write(`meshproof listens on ${origin}\n`)
  for (const line of await announceLink(service, { origin, folder: own, terminal: process.stdout.isTTY }))
    process.stdout.write(`${line}\n`)
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve)
    process.removeAllListeners('SIGINT').once('SIGINT', resolve)
  })
  app.drain()
  sweeper.stop()
  await app.close()
  await control?.close()
  await service.close()
  return 0
}
