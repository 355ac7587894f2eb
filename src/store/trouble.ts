import { Fault } from '../core/fault.ts'

type Coded = { readonly code?: unknown; readonly message?: unknown }

/** Connections that broke or could not be had; SQLSTATE classes 08 and 57P, and what the driver says without a code. */
const lost =
  /^(?:08...|57P0[1-5]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOENT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND)$/
const lostWords =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered|Client was closed)/

/**
 * The database's trouble that is nobody's mistake, as a fault: it does not answer (R4, R5), or its disk is full (R6).
 * Everything else stays what it is.
 */
export function troubleOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || error instanceof Fault) return error
  const { code, message } = error as Coded
  const text = typeof code === 'string' ? code : ''
  if (/^53[12]00$/.test(text)) return new Fault('database.full', { status: 503, retryAfter: '30', cause: error })
  const gone = lost.test(text) || text === '57014' || (typeof message === 'string' && lostWords.test(message))
  return gone ? new Fault('database.unreachable', { status: 503, retryAfter: '5', cause: error }) : error
}

/** Whether the same again may well succeed, since it was the database that failed. */
export const isTrouble = (error: unknown): error is Fault =>
  error instanceof Fault && (error.code === 'database.unreachable' || error.code === 'database.full')

/** T102: two transactions met; the database ended one, which begins again. */
export const isCollision = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && (error.code === '40001' || error.code === '40P01')
