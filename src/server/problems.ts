import { words } from '../core/codes.ts'
import { Fault } from '../core/fault.ts'
import { problemOf } from '../core/problem.ts'
import type { Problem } from '../core/request.ts'

/** Whatever was thrown on the way to an answer, as a fault of ours; what is none stays what it is. */
export function faultOf(error: unknown): unknown {
  if (error instanceof Fault || typeof error !== 'object' || error === null) return error
  const { code, statusCode, message } = error as { code?: unknown; statusCode?: unknown; message?: unknown }
  if (isOfDatabase(code, message))
    return new Fault('database.unreachable', { status: 503, retryAfter: '2', cause: error })
  if (typeof statusCode !== 'number' || statusCode >= 500) return error
  switch (statusCode) {
    case 413:
      return new Fault('request.too-large', { status: 413, cause: error, parameters: { expected: 'the allowed' } })
    case 415:
      return new Fault('request.media-type', {
        status: 415,
        cause: error,
        parameters: { found: 'of a type that nobody reads here', expected: 'application/json' },
      })
    default:
      return new Fault('request.malformed', {
        status: statusCode,
        cause: error,
        parameters: { found: String(message ?? '') },
      })
  }
}

/** R4, R5, R6: connections that are gone or not given in time, a server that starts, stops, is full or asks to try again. */
const isOfDatabase = (code: unknown, message: unknown): boolean =>
  (typeof code === 'string' &&
    /^(?:08\w{3}|53\w{3}|57P0\d|57014|40001|40P01|ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|ETIMEDOUT)$/.test(code)) ||
  (typeof message === 'string' &&
    /^(?:timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error)/.test(
      message,
    ))

/** The problem as it is sent: with what to do next, and the id under which the log tells more. */
export function sentProblem(error: unknown, instance?: string): Problem {
  const problem = problemOf(error)
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  const { next } = words(
    problem.code,
    Object.fromEntries(Object.entries(problem.parameters ?? {}).map(([name, value]) => [name, text(value)])),
  )
  return {
    ...problem,
    ...(next !== undefined && { detail: next }),
    ...(instance !== undefined && { instance }),
  }
}
