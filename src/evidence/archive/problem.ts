import type { Code } from '../../core/codes.ts'

/** Why an archive is not read to its end; `found` is for a person. */
export class ArchiveProblem extends Error {
  readonly code: Code
  readonly found: string
  constructor(code: Code, found: string, cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause })
    this.code = code
    this.found = found
  }
}

/** An archive that gave nothing, as an observation says it. */
export type Unusable = { readonly failed: Code; readonly found: string }
