/** What may stand in a trace: what we make up ourselves, never a reference, a name or anything else that a caller sent. */
export type Attributes = Readonly<Record<string, string | number>>

export type Span = {
  /** How another process goes on with it (W3C Trace Context); undefined where nothing is traced. */
  readonly traceparent: string | undefined
  readonly child: (name: string, attributes?: Attributes) => Span
  readonly end: (attributes?: Attributes, failed?: string) => void
}

export type Tracing = {
  /** `parent`: a traceparent; whatever is none begins a trace of its own. */
  readonly begin: (
    name: string,
    kind: 'server' | 'consumer',
    parent: string | undefined,
    attributes: Attributes,
  ) => Span
  /** Sends what there is, and ends. */
  readonly close: () => Promise<void>
}

const untold: Span = { traceparent: undefined, child: () => untold, end: () => {} }
export const untraced: Tracing = { begin: () => untold, close: async () => {} }
