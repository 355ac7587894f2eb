import type { Json } from '../core/json.ts'
import { loadConfig } from '../examine/config.ts'
import { type Command, perform } from '../server/control/commands.ts'
import { askControl } from '../server/control/socket.ts'
import { openFor } from './open-service.ts'

/** Asks the service that runs on the data folder; where none does, or the database is a server, does it here. */
export async function inService(command: Command): Promise<Json> {
  const config = loadConfig(process.env)
  const { databaseUrl, data, port } = config.service
  const told = databaseUrl === undefined ? await askControl(data, command) : undefined
  if (told !== undefined) return told
  const service = await openFor(config, databaseUrl === undefined)
  try {
    return await perform(service, command, `http://127.0.0.1:${port}`)
  } finally {
    await service.close()
  }
}
