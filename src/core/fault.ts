import type { Code } from './codes.ts'
import type { Json } from './json.ts'

/** What the shell itself meets; one mapper for HTTP, one for the command line. Never crosses `evidence/`. */
export class Fault extends Error {
  readonly code: Code
  readonly status: number
  readonly retryAfter: string | undefined
  readonly parameters: Readonly<Record<string, Json>>
  constructor(
    code: Code,
    options: {
      status?: number
      retryAfter?: string
      cause?: unknown
      parameters?: Readonly<Record<string, Json>>
    } = {},
  ) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status ?? 400
    this.retryAfter = options.retryAfter
    this.parameters = options.parameters ?? {}
  }
}
