import type { Links } from '../../report/page/findings.ts'

/** Where digests of a verdict lead in the service. */
export const links: Links = {
  artifact: (digest) => `/artifacts/${digest}`,
  verdict: (digest) => `/api/v1/verdicts/${digest}`,
  evidence: (digest) => `/api/v1/evidence/${digest}`,
}

export type Query = Readonly<Record<string, string | undefined>>

/** A path with what is set of a query, in the order given. */
export function withQuery(path: string, query: Query): string {
  const set = Object.entries(query).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  )
  return set.length === 0 ? path : `${path}?${new URLSearchParams(set)}`
}
