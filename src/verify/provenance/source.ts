/** A source repository in one form, whatever spelling a statement, a certificate or a policy uses (T55). */
export type Source = {
  readonly host: string
  readonly owner: string
  readonly repository: string
  readonly ref: string | undefined
}

const pattern =
  /^(?:git\+https:\/\/|https:\/\/)?([a-z0-9.-]+)\/([A-Za-z0-9_.-]+)\/([A-Za-z0-9_.-]+?)(?:\.git)?(?:@(\S+))?$/

/**
 * `git+https://github.com/o/r@refs/tags/v1`, `https://github.com/o/r`, `github.com/o/r`, each with `.git` or without.
 * No user information, port, dot segment or percent code: undefined. Upper and lower case stay as they stand (T05).
 */
export function parseSource(text: string): Source | undefined {
  if (text.length > 512 || text.includes('%') || text.includes('..')) return undefined
  const [, host, owner, repository, ref] = pattern.exec(text) ?? []
  if (host === undefined || owner === undefined || repository === undefined) return undefined
  if (owner === '.' || repository === '.' || !host.includes('.')) return undefined
  return { host, owner, repository, ref }
}

export const sameRepository = (a: Source | undefined, b: Source | undefined): boolean =>
  a !== undefined && b !== undefined && a.host === b.host && a.owner === b.owner && a.repository === b.repository

export const formatSource = ({ host, owner, repository }: Source): string => `https://${host}/${owner}/${repository}`
