import type { Code } from '../../core/codes.ts'
import { compilePattern } from '../../core/pattern.ts'
import type { Identity, IdentityParts } from '../../core/policy.ts'
import { formatVersion, versionOf } from '../../core/version.ts'
import type { LeafFacts } from '../certificate/leaf.ts'

/** How a verified name compares with the one demanded; `notes` say what the comparison left open. */
export type IdentityResult = {
  readonly outcome: 'pass' | 'fail'
  readonly code: Code
  readonly expected: string
  readonly found: string
  readonly notes: readonly { readonly code: Code; readonly found: string }[]
}

/** T01: by parts and in full, or the whole name by a linear engine. `version`: the one asked, without `v`. */
export function compareIdentity(identity: Identity, leaf: LeafFacts, version: string | undefined): IdentityResult {
  const found = leaf.san
  if ('is' in identity)
    return result(
      found === identity.is ? undefined : caseOnly(identity.is, found) ? 'identity.owner-case' : 'identity.san',
      identity.is,
      found,
    )
  if ('matches' in identity) {
    const pattern = compilePattern(identity.matches)
    if (identity.loose !== true)
      return result(pattern?.whole(found) === true ? undefined : 'identity.san', identity.matches, found)
    const loose = result(pattern?.somewhere(found) === true ? undefined : 'identity.san', identity.matches, found)
    return { ...loose, notes: [{ code: 'identity.loose', found: `anything before and after ${identity.matches}` }] }
  }
  return compareParts(identity, leaf, version)
}

function compareParts(parts: IdentityParts, leaf: LeafFacts, version: string | undefined): IdentityResult {
  const { san } = leaf
  const repository = `https://${parts.host}/${parts.owner}/${parts.repository}`
  const prefix = `${repository}/${parts.workflow}@`
  const wanted = expectedRefs(parts.ref, version)
  const expected = `${prefix}${wanted.words}`
  if (!san.startsWith(prefix))
    return result(caseOnly(prefix, san.slice(0, prefix.length)) ? 'identity.owner-case' : 'identity.san', expected, san) // T05
  const ref = san.slice(prefix.length)
  if (!wanted.accepts(ref)) return result('identity.ref', expected, san) // T08
  const source = sourceRef(leaf, repository)
  if (source !== undefined && source !== ref) return result('identity.source-ref', ref, source) // T115
  return {
    ...result(undefined, expected, san),
    notes: wanted.note === undefined ? [] : [{ code: wanted.note, found: ref }],
  }
}

type WantedRef = { readonly accepts: (ref: string) => boolean; readonly words: string; readonly note?: Code }

function expectedRefs(ref: IdentityParts['ref'], version: string | undefined): WantedRef {
  if (ref === undefined) return { accepts: () => true, words: '*', note: 'identity.ref-not-demanded' }
  if (ref === 'release-tag') return releaseRefs(version)
  const exact = 'tag' in ref ? `refs/tags/${ref.tag}` : `refs/heads/${ref.branch}`
  return { accepts: (found) => found === exact, words: exact }
}

/** Refs of the release that was asked: git tags are written with a `v` and without (kumahq/kuma did both). */
export function releaseRefs(version: string | undefined): WantedRef {
  if (version === undefined)
    return { accepts: isReleaseTag, words: 'refs/tags/<version>', note: 'identity.version-not-compared' }
  const tags = [`refs/tags/${version}`, `refs/tags/v${version}`]
  return { accepts: (found) => tags.includes(found), words: `refs/tags/${version}` }
}

function isReleaseTag(ref: string): boolean {
  if (!ref.startsWith('refs/tags/')) return false
  const tag = ref.slice('refs/tags/'.length)
  const version = versionOf(tag)
  return version !== undefined && tag.replace(/^v/, '') === formatVersion(version)
}

/** The ref of the run, where the workflow lies in the very repository that called it; older certificates say it in .1.5 and .1.6. */
function sourceRef(leaf: LeafFacts, repository: string): string | undefined {
  const { sourceRepositoryURI, sourceRepositoryRef, githubWorkflowRepository, githubWorkflowRef } = leaf.extensions
  if (sourceRepositoryURI !== undefined)
    return sourceRepositoryURI === repository ? (sourceRepositoryRef ?? 'none') : undefined
  return githubWorkflowRepository !== undefined && repository.endsWith(`/${githubWorkflowRepository}`)
    ? githubWorkflowRef
    : undefined
}

const caseOnly = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

const result = (failed: Code | undefined, expected: string, found: string): IdentityResult => ({
  outcome: failed === undefined ? 'pass' : 'fail',
  code: failed ?? 'identity.met',
  expected,
  found: found.slice(0, 1024),
  notes: [],
})
