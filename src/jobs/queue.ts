/** The queue carries ids; the row is the truth. */
export interface Queue {
  /** Adding the same id and attempt again while its job lives does nothing. */
  add(jobs: readonly Job[]): Promise<void>
  /** Begins to work; a job may come twice, and ends whatever its handler does. */
  work(handle: (id: string) => Promise<void>, parallel: number): Promise<void>
  /** How many jobs wait and run. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** Takes no new jobs, waits for those that run, then lets go of its connections. */
  close(): Promise<void>
}

export type Job = { readonly id: string; readonly attempt: number }
