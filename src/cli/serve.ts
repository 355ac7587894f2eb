import { setTimeout as sleep } from 'node:timers/promises'
import { type Station, startStation } from '../../workers/station.ts'
import { openReplays } from '../../workers/threads.ts'
import { limits } from '../core/limits.ts'
import { type Config, loadConfig } from '../examine/config.ts'
import { loadDemo } from '../jobs/demo.ts'
import type { Service } from '../jobs/service.ts'
import { createApp } from '../server/app.ts'
import { announceLink } from '../server/auth/link.ts'
import { type Control, openControl } from '../server/control/socket.ts'
import { loggerOf } from '../server/log.ts'
import { type Ending, ending } from './ending.ts'
import { readFlags, usage } from './flags.ts'
import { listen } from './listen.ts'
import { openFor } from './open-service.ts'
import type { ExitCode } from './problem.ts'

/** HTTP; workers run elsewhere, unless there is no elsewhere. */
export const run = (args: readonly string[]): Promise<ExitCode> => serve(args, 'serve')

/** All in one process, which makes its tables itself: `npm start`. */
export const start = (args: readonly string[]): Promise<ExitCode> => serve(args, 'start')

type App = Awaited<ReturnType<typeof createApp>>

async function serve(args: readonly string[], verb: 'serve' | 'start'): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, { demo: { type: 'boolean' } })
  if (positionals.length > 0) throw usage(`meshproof ${verb} takes no arguments.`)
  const config = loadConfig(process.env)
  const alone = verb === 'start' || config.service.databaseUrl === undefined
  const end = ending()
  // A person at a terminal sees what went wrong; whoever collects lines gets all of them.
  const log = loggerOf({ level: process.stdout.isTTY === true ? 'warn' : 'info' })
  const opened = await openFor(config, alone, log)
  const replayer = openReplays(opened)
  const service = { ...opened, replayer }
  let station: Station | undefined
  let control: Control | undefined
  try {
    if (values.demo === true) await loadDemo(service, null)
    const app = await createApp(service, { log })
    closingWhenLeaving(app, service)
    const address = await listen(app, config.service.listen, config.service.port)
    station = alone ? await startStation(service) : undefined
    process.stdout.write(greeting(address, config))
    const folder = config.service.databaseUrl === undefined ? config.service.data : undefined
    control = folder === undefined ? undefined : await openControl(service, folder, address)
    const terminal = process.stdout.isTTY === true
    for (const line of await announceLink(service, { origin: address, folder, terminal }))
      process.stdout.write(`${line}\n`)
    if ((await end.asked) === 'gently') await leave({ service, app, station }, end)
    app.server.closeAllConnections()
    await app.close()
  } finally {
    await control?.close()
    await station?.stop(0)
    await replayer.close()
    await service.close()
  }
  return 0
}

/** R16: who keeps a connection open learns with the next answer that there will be no further one. */
function closingWhenLeaving(app: App, { life }: Service): void {
  app.server.prependListener('request', (_request, response) => {
    if (life.leaving) response.setHeader('connection', 'close')
  })
}

/** R16: first not ready, so that nobody sends more; then what is under way ends, or is handed back. */
async function leave({ service, app, station }: Parts, { hurried }: Ending): Promise<void> {
  service.life.leaving = true
  app.drain()
  await sleep(limits.lameDuckMs, undefined, { signal: hurried }).catch(() => {})
  if (hurried.aborted) return
  const drained = Promise.all([app.close(), station?.stop(limits.drainMs)])
  await Promise.race([drained, sleep(limits.drainMs, undefined, { signal: hurried }).catch(() => {})])
}
type Parts = { readonly service: Service; readonly app: App; readonly station: Station | undefined }

function greeting(address: string, { service: { databaseUrl, data } }: Config): string {
  const where =
    databaseUrl === undefined
      ? `  What it remembers is in ${data}: it survives the death of this process, not of this machine.\n  A PostgreSQL named by DATABASE_URL survives both.\n`
      : ''
  return `meshproof listens on ${address}\n${where}`
}
