import { openReplays } from '../../workers/threads.ts'
import type { Json } from '../core/json.ts'
import { loadConfig } from '../examine/config.ts'
import { type Command, commandShape, perform } from '../server/control/commands.ts'
import { askControl } from '../server/control/socket.ts'
import { openFor } from './open-service.ts'

export type Ask = (command: Command) => Promise<Json>

/** Asks the service that runs on the data folder; where none does, or the database is a server, does it here. */
export const inService: Ask = (command) => withService((ask) => ask(command))

/** The same for several commands: a database that is opened here is opened once. */
export async function withService<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
  const config = loadConfig(process.env)
  const { databaseUrl, data, port } = config.service
  let opened: Opened | undefined
  try {
    return await work(async (command) => {
      if (opened === undefined && databaseUrl === undefined) {
        const told = await askControl(data, command)
        if (told !== undefined) return told
      }
      opened ??= await open(config)
      return perform(opened, commandShape.parse(command), `http://127.0.0.1:${port}`)
    })
  } finally {
    await opened?.replayer.close()
    await opened?.close()
  }
}

type Opened = Awaited<ReturnType<typeof open>>

async function open(config: ReturnType<typeof loadConfig>) {
  const service = await openFor(config, config.service.databaseUrl === undefined)
  return { ...service, replayer: openReplays(service) }
}
