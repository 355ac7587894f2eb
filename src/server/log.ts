import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { pino } from 'pino'
import { causeOf, codeOf, type Report } from '../core/cause.ts'
import { words } from '../core/codes.ts'

export type LogOptions = { readonly level?: string; readonly stream?: { write(line: string): void } }

/**
 * Who, what, from where, with what outcome, as one JSON line in UTC. Nothing that a caller sent but method, path and
 * address gets in: no header, no query (a sign-in link stands there), no body. pino escapes what could break a line (T80).
 */
export const loggerOf = ({ level = 'info', stream }: LogOptions): FastifyBaseLogger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: {
        req: ({ id, method, url, ip }: FastifyRequest) => ({ id, method, path: url.split('?')[0], from: ip }),
        res: ({ statusCode, request }: FastifyReply) => ({
          status: statusCode,
          ...(request?.principal !== undefined && { by: request.principal.id, with: request.principal.by }),
        }),
        err: (error: unknown) => causeOf(error),
      },
    },
    stream ?? process.stdout,
  )

/** What happened to a job, a thread or a connection: a line each, under a stable code. What was foreseen is a warning. */
export const reportTo =
  (log: Pick<FastifyBaseLogger, 'warn' | 'error'>): Report =>
  (error, about) => {
    const code = codeOf(error)
    const line = { err: error, code, ...about }
    if (code === 'internal.crash') log.error(line, words(code).says)
    else log.warn(line, words(code).says)
  }
