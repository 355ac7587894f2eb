import type { Json } from './json.ts'
import type { Outcome3 } from './observation.ts'

/** What a look-up said and when. Failures are never remembered: only what was found, and final absence. */
export type Remembered = {
  readonly outcome: Exclude<Outcome3, { failed: unknown }>
  readonly at: number
  readonly detail?: Readonly<Record<string, Json>>
}

/** Remembers answers to look-ups between processes: a folder (CLI), the database (service), or memory. Loses freely, invents nothing. */
export interface Lookups {
  recall(key: string): Promise<Remembered | undefined>
  remember(key: string, what: Remembered): Promise<void>
}
