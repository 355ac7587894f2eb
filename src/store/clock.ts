import { sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * R9: what time it is, by the database's clock, carried on by a monotonic one: a host whose own clock is wrong, or jumps,
 * judges nothing otherwise than its neighbours. Beside a folder both clocks are the host's.
 */
export class Clock {
  readonly #database: Pick<Database, 'db'>
  #at = { time: Date.now(), ticks: performance.now() }

  private constructor(database: Pick<Database, 'db'>) {
    this.#database = database
  }

  static async of(database: Pick<Database, 'db'>): Promise<Clock> {
    const clock = new Clock(database)
    await clock.set()
    return clock
  }

  readonly now = (): number => Math.round(this.#at.time + performance.now() - this.#at.ticks)

  /** Asks the database again; half of the way there and back is taken off. */
  async set(): Promise<void> {
    const before = performance.now()
    const { rows } = await sql<{ at: Date }>`SELECT clock_timestamp() AS at`.execute(this.#database.db)
    const ticks = performance.now()
    const time = rows[0]?.at.getTime()
    if (time !== undefined) this.#at = { time: time + (ticks - before) / 2, ticks }
  }
}
