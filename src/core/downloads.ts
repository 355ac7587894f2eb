import type { Digest } from './digest.ts'

/** A file that is elsewhere: measured where it comes by, or put aside for as long as it is read. Throws a `Fault`. */
export interface Downloads {
  measure(url: string): Promise<Digest>
  save(url: string, limit: number): Promise<Saved>
}
export type Saved = { readonly place: string; readonly discard: () => Promise<void> }
