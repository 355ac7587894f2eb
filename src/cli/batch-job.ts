import type { ExitCode } from './problem.ts'

/** An answer as it is written, with what it means for the end of the run. */
export type Told = { readonly text: string; readonly exit: ExitCode }
export type LineJob = { readonly place: number; readonly line: Uint8Array }
/** `told` is not there for a line that has to ask the network: that is the main thread's, which keeps the peace with registries. */
export type LineNews = { readonly ready: true } | { readonly place: number; readonly told?: Told }
