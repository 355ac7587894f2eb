/**
 * Imported into a process, and by that into its threads, before anything else: a year has gone by, and nobody is there but
 * the database: the server of DATABASE_URL, or a folder, beside which a service may listen. A name that is looked up or a connection that is tried ends the process.
 */
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { Socket } from 'node:net'

const year = 365 * 24 * 60 * 60_000
const Now = Date
globalThis.Date = class extends Now {
  constructor(...given: readonly unknown[]) {
    super(...((given.length === 0 ? [Now.now() + year] : given) as [number]))
  }
  static override now(): number {
    return Now.now() + year
  }
} as DateConstructor

const database = process.env['DATABASE_URL'] === undefined ? undefined : new URL(process.env['DATABASE_URL']).port

function nobody(what: string): never {
  process.stderr.write(`asked the network: ${what}\n`)
  process.kill(process.pid, 'SIGKILL') // nothing may catch it
  throw new Error('asked the network')
}

const connect = Socket.prototype.connect
Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
  const text = JSON.stringify(args)
  const isOurs =
    database === undefined ? text.includes('control.sock') : text.includes('127.0.0.1') && text.includes(database)
  return isOurs ? (Reflect.apply(connect, this, args) as Socket) : nobody(text)
} as typeof connect
for (const module of [dns, dns.promises] as unknown as readonly Record<string, unknown>[])
  for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6'])
    module[name] = (...args: unknown[]) => nobody(String(args[0]))
syncBuiltinESMExports()
