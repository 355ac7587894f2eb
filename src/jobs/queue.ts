/** The queue carries ids; the row is the truth. */
export interface Queue {
  /** Adding the same id and attempt again while its job lives does nothing. */
  add(jobs: readonly Job[]): Promise<void>
  /** Begins to work; a job may come twice, and ends whatever its handler does. */
  work(handle: (id: string) => Promise<void>, parallel: number): Promise<void>
  /** How many jobs wait and run. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** Takes no new jobs, and waits for those that run. */
  rest(): Promise<void>
  /** Lets go of its connections, whatever still runs. */
  close(): Promise<void>
}

type Job = { readonly id: string; readonly attempt: number }
