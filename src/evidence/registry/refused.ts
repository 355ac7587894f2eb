import type { Code } from '../../core/codes.ts'
import type { Limits } from '../../core/limits.ts'
import { formatTime } from '../../core/time.ts'
import { retryAfterOf } from '../http/rate.ts'
import { type Failure, failure, type Reply } from '../http/result.ts'

type Answer = Pick<Reply, 'status' | 'headers' | 'from'> & { readonly redirected?: boolean }

/** A status that gives nothing, as a failure with the parameters of its sentence. `asked`: what a person would name. */
export function refused(
  code: Code,
  { status, headers, from, redirected }: Answer,
  asked: string,
  now: number,
  limits: Limits,
): Failure {
  const own = redirected === true ? {} : { status }
  if (code === 'registry.rate-limited') {
    const until = retryAfterOf(headers, now, limits)
    return failure(
      code,
      from,
      { found: from, until: formatTime(until) },
      { transient: true, retryAfter: until, ...own },
    )
  }
  const later = status === 503 && headers['retry-after'] !== undefined
  return failure(
    code,
    from,
    { found: code === 'registry.failed' ? `${from}: status ${status}` : asked },
    {
      transient: status >= 500 && status !== 501,
      ...(later && { retryAfter: retryAfterOf(headers, now, limits) }),
      ...own,
    },
  )
}
