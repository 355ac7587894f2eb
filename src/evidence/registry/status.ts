import type { Code } from '../../core/codes.ts'
import type { Reply } from '../http/result.ts'

/** What is asked of a registry; `token` is asked of its login service. */
export type Ask = 'resolve' | 'manifest' | 'tag' | 'referrers' | 'blob' | 'token'
export type Meaning = 'found' | 'absent' | Code
type Row = Readonly<Record<Ask, Meaning>>

const row = (all: Meaning, but: Partial<Row> = {}): Row => ({
  resolve: all,
  manifest: all,
  tag: all,
  referrers: all,
  blob: all,
  token: all,
  ...but,
})

/**
 * Which status means what (T87), for an answer of the very host asked. Only 404 is final: Artifactory says 403 for a tag
 * that is not there, Docker Hub 401 after a token for a repository that is not there, and both say the same where
 * something is there that we may not see.
 */
const table: Readonly<Record<number, Row>> = {
  200: row('found'),
  401: row('registry.unauthorized'),
  403: row('registry.denied'),
  404: row('absent', { token: 'registry.failed' }),
  429: row('registry.rate-limited'),
}

export type Answered = Pick<Reply, 'status' | 'redirected' | 'abroad' | 'authorised'>

export function meaningOf(ask: Ask, { status, redirected, abroad, authorised }: Answered): Meaning {
  if (status !== 200 && (abroad || (redirected && status === 404))) return 'registry.failed' // T86: another place's no says nothing about this one
  if (status === 401 && authorised === 'token') return 'registry.denied' // a login that worked, and still no
  return table[status]?.[ask] ?? 'registry.failed'
}
