import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { pino } from 'pino'

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
        err: errorOf,
      },
    },
    stream ?? process.stdout,
  )

/** A cause, without what libraries hang on their errors: a connection's options hold its password. */
function errorOf(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = 'code' in error ? String(error.code) : undefined
  return {
    type: error.name,
    ...(code !== undefined && { code }),
    message: withoutSecrets(error.message),
    stack: withoutSecrets(error.stack ?? ''),
    ...(error.cause !== undefined && { cause: errorOf(error.cause) }),
  }
}

/** Messages may quote what they were given: passwords of URLs, tokens and links of ours, what was sent to log in. */
const withoutSecrets = (text: string): string =>
  text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1…@')
    .replace(/\bmp_[\w-]{20,}/g, 'mp_…')
    .replace(/([?&]link=)[\w-]+/g, '$1…')
    .replace(/\b(Bearer|Basic) [\w.~+/=-]+/gi, '$1 …')
    .replace(/(__Host-meshproof=)[\w-]+/g, '$1…')
