import type { FastifyRequest } from 'fastify'
import { Fault } from '../../core/fault.ts'

/**
 * A browser sends a session's cookie whoever wrote the page. What changes something is believed only where the browser
 * says that our own page sent it: `Sec-Fetch-Site`, or `Origin` in older ones; without either it is no browser's.
 */
export function demandSameSite({ headers, host }: FastifyRequest, origin: string | undefined): void {
  const site = headers['sec-fetch-site']
  const from = headers.origin
  const own = from !== undefined && (origin === undefined ? URL.parse(from)?.host === host : from === origin)
  // Our pages send no referrer, so a browser sends `Origin: null` with their forms; another site's would not be same-origin.
  const untold = from === undefined || from === 'null'
  if (site === undefined ? own : site === 'same-origin' && (untold || own)) return
  const found = `Sec-Fetch-Site: ${String(site ?? 'absent')}, Origin: ${from ?? 'absent'}`
  throw new Fault('access.cross-site', { status: 403, parameters: { found } })
}
