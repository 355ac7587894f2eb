import { EventEmitter } from 'node:events'
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type ExtensionSetup, PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { Fault } from '../core/fault.ts'

/**
 * PGlite behind the interface of `pg.Pool`, so that Kysely and BullMQ do not know the difference. PGlite is one session:
 * a transaction of one client makes all others wait until it ends, and `LISTEN` is handed to PGlite's own listeners.
 */
export class PGlitePool extends EventEmitter {
  /** BullMQ reads this: there is no socket that could drop without a word, so a worker may block as long as it likes. */
  readonly options = { keepAlive: true }
  readonly #lite: PGlite
  readonly #disk: Disk | undefined
  #full = false
  #holder: PGliteClient | undefined
  #failed = false
  readonly #waiting: (() => void)[] = []

  constructor(lite: PGlite, disk: Disk | undefined) {
    super()
    this.setMaxListeners(0)
    this.#lite = lite
    this.#disk = disk
  }

  /** `ended` hears why the database has ended itself, and the process ends with it. */
  static async open(disk: Disk | undefined, ended: (fault: Fault) => void): Promise<PGlitePool> {
    if (disk !== undefined && !hasRoom(disk)) throw new Fault('database.full', { status: 503 })
    const lite = await PGlite.create({
      ...(disk !== undefined && { dataDir: join(disk.folder, 'pg') }),
      extensions: { ending: { name: 'ending', setup: endingWith(ended) } },
      parsers: sameTypes(),
      startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=32MB'],
    })
    return new PGlitePool(lite, disk)
  }

  query(text: string, values?: readonly unknown[]): Promise<QueryResult> {
    return this.run(undefined, text, values)
  }

  connect(): Promise<PGliteClient> {
    return Promise.resolve(new PGliteClient(this))
  }

  async end(): Promise<void> {
    await this.#lite.close()
  }

  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>> {
    return this.#lite.listen(channel, heard)
  }

  async run(client: PGliteClient | undefined, text: string, values?: readonly unknown[]): Promise<QueryResult> {
    // Without a turn of the event loop, a client that asks again and again would starve timers and sockets.
    await setImmediate()
    while (this.#holder !== undefined && this.#holder !== client)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    const command = /^\s*([a-z]+)/i.exec(text)?.[1]?.toUpperCase() ?? ''
    const begins = command === 'BEGIN' || command === 'START'
    if (begins && client === undefined) throw new Error('a transaction needs a client of its own')
    if (this.#holder === undefined) this.#lookForRoom()
    if (begins && client !== undefined) this.#hold(client)
    try {
      const result = await this.#ask(text, values)
      if (ends(command, text)) {
        const aborted = this.#failed
        this.#free(client)
        return { ...result, command: aborted ? 'ROLLBACK' : command } // as the server's own tag says
      }
      if (command === 'ROLLBACK') this.#failed = false // to a savepoint: what failed is undone
      return { ...result, command }
    } catch (error) {
      this.#failed = this.#holder === client && client !== undefined
      if (begins || ends(command, text)) this.#free(client)
      throw this.#full ? fullOf(error) : error
    }
  }

  /**
   * R6: measured, a statement that finds no room for its rows fails like any other, but one that finds none for the
   * write-ahead log ends the whole database. So before that, all but reading is refused, until there is room again.
   */
  #lookForRoom(): void {
    if (this.#disk === undefined) return
    const full = !hasRoom(this.#disk)
    if (full === this.#full) return
    this.#full = full
    // PGlite keeps the order: it is set before whatever is asked next.
    this.#lite.exec(`SET default_transaction_read_only = ${full ? 'on' : 'off'}`).catch(() => {
      this.#full = !full
    })
  }

  /** What a client leaves open when it goes. */
  async leave(client: PGliteClient): Promise<void> {
    if (this.#holder === client) await this.run(client, 'ROLLBACK')
  }

  #hold(client: PGliteClient): void {
    this.#holder = client
    this.#failed = false
  }

  #free(client: PGliteClient | undefined): void {
    if (client === undefined || this.#holder !== client) return
    this.#holder = undefined
    this.#failed = false
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async #ask(text: string, values: readonly unknown[] | undefined): Promise<Omit<QueryResult, 'command'>> {
    const result =
      values === undefined || values.length === 0
        ? (await this.#lite.exec(text)).at(-1)
        : await this.#lite.query<Row>(text, [...values])
    const rows = (result?.rows ?? []) as Row[]
    return { rows, rowCount: result?.affectedRows || rows.length, fields: result?.fields ?? [] }
  }
}

/** Where the data folder is, and how many bytes of its disk are left free. */
export type Disk = { readonly folder: string; readonly reserveBytes: number }

function hasRoom({ folder, reserveBytes }: Disk): boolean {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize >= reserveBytes
}

/** As the server says it of a full disk. */
const fullOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error && error.code === '25006'
    ? Object.assign(new Error('little room is left on the disk', { cause: error }), { code: '53100' })
    : error

/**
 * R6: Emscripten tells of an abort, which is how PostgreSQL panics. Measured: PGlite takes it for a failed statement, asks
 * a dead database again and never comes back, so nothing may run after this. The next start recovers from the log.
 */
const endingWith =
  (ended: (fault: Fault) => void): ExtensionSetup =>
  async (_, emscriptenOpts: object) => ({
    emscriptenOpts: {
      ...emscriptenOpts,
      onAbort: () => {
        ended(new Fault('database.stopped', { status: 500, parameters: { found: 'PANIC' } }))
        process.exit(3)
      },
    },
  })

type Row = Record<string, unknown>
export type QueryResult = {
  readonly rows: Row[]
  readonly rowCount: number
  readonly command: string
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[]
}

const ends = (command: string, text: string): boolean =>
  command === 'COMMIT' || command === 'END' || (command === 'ROLLBACK' && !/^\s*rollback\s+to\b/i.test(text))

export class PGliteClient extends EventEmitter {
  readonly #pool: PGlitePool
  readonly #listening = new Map<string, () => Promise<void>>()

  constructor(pool: PGlitePool) {
    super()
    this.setMaxListeners(0)
    this.#pool = pool
  }

  async query(text: string, values?: readonly unknown[]): Promise<QueryResult> {
    // BullMQ's statements begin with a comment.
    const [, verb, channel] = /^(?:\s|--.*\n)*(LISTEN|UNLISTEN)\s+"?([^"\s;]+)"?/i.exec(text) ?? []
    if (verb === undefined || channel === undefined) return this.#pool.run(this, text, values)
    if (verb.toUpperCase() === 'LISTEN') await this.#listen(channel)
    else await this.#unlisten(channel)
    return { rows: [], rowCount: 0, command: verb.toUpperCase(), fields: [] }
  }

  async #listen(channel: string): Promise<void> {
    if (this.#listening.has(channel)) return
    this.#listening.set(
      channel,
      await this.#pool.listen(channel, (payload) => this.emit('notification', { channel, payload })),
    )
  }

  async #unlisten(channel: string): Promise<void> {
    for (const [name, stop] of channel === '*' ? [...this.#listening] : [...this.#listening].filter(isNamed(channel))) {
      this.#listening.delete(name)
      await stop()
    }
  }

  /** Kysely and pg call it without waiting; what was left open ends before anybody else's next query. */
  release(): void {
    void this.#pool.leave(this).catch(() => {})
    void this.#unlisten('*').catch(() => {})
  }
}

const isNamed =
  (channel: string) =>
  ([name]: readonly [string, unknown]): boolean =>
    name === channel

/** Measured: PGlite gives numbers and Uint8Arrays where node-postgres gives strings and Buffers. */
function sameTypes(): Record<number, (text: string) => unknown> {
  const { builtins, getTypeParser } = pg.types
  const oids = [...new Set(Object.values(builtins).filter((oid) => typeof oid === 'number'))]
  const arrays = [1000, 1001, 1005, 1007, 1009, 1016, 1021, 1022, 1115, 1182, 1185, 2951, 3807]
  return Object.fromEntries([...oids, ...arrays].map((oid) => [oid, (text: string) => getTypeParser(oid)(text)]))
}
