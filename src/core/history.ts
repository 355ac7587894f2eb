import type { Digest } from './digest.ts'
import type { LookupQuestion, Outcome3 } from './observation.ts'
import type { Name } from './reference.ts'

/** A look-up that was answered with this digest before; `since`: when first. */
export type Earlier = { readonly question: LookupQuestion; readonly digest: Digest; readonly since: number }

/** Whoever remembers what was seen: the database of the service. The command line has none. */
export interface History {
  /** Whatever these look-ups ever found, oldest first; at most `limits.sightings` for each. */
  earlier(questions: readonly LookupQuestion[]): Promise<readonly Earlier[]>
  /** The index that was seen last under this name and lists the digest. */
  indexOf(image: Name, digest: Digest): Promise<Exclude<Outcome3, { failed: unknown }>>
}
