import { type Code, isCode } from './codes.ts'

/** An error as data: it goes from thread to thread and into the log, without what libraries hang on their errors. */
export type Cause = {
  readonly type: string
  readonly code?: string
  readonly message?: string
  readonly stack?: string
  readonly cause?: Cause
}

/** A connection's options, as libraries hang them on errors, hold its password: only these parts are taken. */
export function causeOf(error: unknown, depth = 8): Cause {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = 'code' in error ? String(error.code) : undefined
  return {
    type: error.name,
    ...(code !== undefined && { code }),
    message: withoutSecrets(error.message),
    stack: withoutSecrets(error.stack ?? ''),
    ...(error.cause !== undefined && depth > 1 && { cause: causeOf(error.cause, depth - 1) }),
  }
}

/** The error again, on the other side. */
export function errorOf({ type, code, message, stack, cause }: Cause): Error {
  const error = new Error(message ?? type, cause === undefined ? undefined : { cause: errorOf(cause) })
  return Object.assign(error, {
    name: type,
    ...(stack !== undefined && { stack }),
    ...(code !== undefined && { code }),
  })
}

/** Where causes go; what they are about is said beside them. */
export type Report = (error: unknown, about?: { readonly request: string }) => void

/** The code under which a cause is found in a log; what has none of ours is our own failure. */
export function codeOf(error: unknown): Code {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return isCode(code) ? code : 'internal.crash'
}

/** Messages may quote what they were given: passwords of URLs, tokens and links of ours, what was sent to log in. */
const withoutSecrets = (text: string): string =>
  text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1…@')
    .replace(/\bmp_[\w-]{20,}/g, 'mp_…')
    .replace(/([?&]link=)[\w-]+/g, '$1…')
    .replace(/\b(Bearer|Basic) [\w.~+/=-]+/gi, '$1 …')
    .replace(/(__Host-meshproof=)[\w-]+/g, '$1…')
