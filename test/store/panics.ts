/** A process whose disk is filled by somebody else: it keeps requests for as long as it can, then writes its log to the end. */
import { report } from '../../src/cli/cause.ts'
import { tellingOfItsEnd } from '../../src/cli/crash.ts'
import { limits } from '../../src/core/limits.ts'
import { openDatabase } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { Requests } from '../../src/store/requests.ts'

const [folder = ''] = process.argv.slice(2)
const database = await openDatabase({ folder }, { ...limits, diskReserveBytes: 0 }, tellingOfItsEnd(report))
await migrate(database)
const requests = new Requests(database, limits)
const spec = Buffer.from(JSON.stringify({ filler: 'x'.repeat(1_000) }))
const keep = async () => {
  const made = await requests.create({ spec, subject: 'a', policy: 'b', principal: null })
  if ('id' in made) process.send?.({ id: made.id })
}
for (let i = 0; i < 20; i++) await keep()
process.send?.('ready')
await new Promise((crowded) => process.once('message', crowded))
for (let i = 0; i < 500; i++) await keep().catch(() => {})
for (;;) await database.pool.query("SELECT pg_logical_emit_message(true, 'x', repeat('y', 1000000))")
