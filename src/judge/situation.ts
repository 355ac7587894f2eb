import type { Digest } from '../core/digest.ts'
import type { Finding } from '../core/finding.ts'
import type { Limits } from '../core/limits.ts'
import type { Outcome3 } from '../core/observation.ts'
import type { Policy, Requirement } from '../core/policy.ts'
import { isProblem, type Name, parseReference, partsOf, type Reference } from '../core/reference.ts'
import type { Inputs } from '../core/verdict.ts'
import { compareVersions, type Version, versionOf } from '../core/version.ts'
import { originOf } from './ask.ts'
import type { EvidenceView } from './evidence-view.ts'
import { indexBehind } from './index-behind.ts'
import { readTree } from './tree.ts'

/** What stands in the way of judging the subject at all, before any requirement is looked at. */
export type Obstacle = Pick<Finding, 'outcome' | 'code'> & { readonly expected?: string; readonly found?: string }
export type Situation = {
  readonly obstacle: Obstacle | undefined
  /** The index whose bytes we hold and which lists the subject: what a member may inherit from (T29). */
  readonly parent: Digest | undefined
  /** Of a platform that was asked by its digest: the index of the tag beside it, which may lend attestations. */
  readonly behind: Digest | undefined
  readonly isImage: boolean
  readonly notes: (inputs: Inputs) => readonly Finding[]
}

export function situationOf(inputs: Inputs, view: EvidenceView, limits: Limits): Situation {
  const { subject, asked } = inputs
  const isImage = asked.as !== undefined || (asked.name ?? '').includes('/')
  const at = (obstacle: Obstacle | undefined, parent?: Digest, behind?: Digest): Situation => ({
    obstacle,
    parent,
    behind,
    isImage,
    notes: (given) => imageNotes(given, view, limits),
  })
  if (typeof subject !== 'string') return at(unresolved(subject.unresolved, view))
  if (asked.as === undefined)
    return at(
      view.given.length === 0 && view.givenProblems.length === 0
        ? { outcome: 'error', code: 'evidence.nothing-given' }
        : undefined,
    )
  const root = asked.root ?? subject
  const manifest = manifestOf(root, view)
  if (manifest === undefined) return at({ outcome: 'error', code: 'evidence.missing', found: root })
  if ('failed' in manifest) return at({ outcome: 'error', code: manifest.failed, found: asked.as })
  if ('absent' in manifest) return at({ outcome: 'fail', code: 'registry.not-found', expected: asked.as })
  const tree = readTree(root, manifest.mediaType, view.bytes, limits)
  if ('problem' in tree)
    return at({ outcome: 'error', code: tree.problem, ...(tree.found !== undefined && { found: tree.found }) })
  if (asked.platform !== undefined)
    return at({
      outcome: 'fail',
      code: 'image.platform-absent',
      expected: asked.platform,
      found: tree.members.map(({ platform }) => platform).join(', '),
    })
  if (subject === root) return at(undefined, undefined, indexBehind(asked.as as Reference, subject, view, limits))
  const member = tree.members.find(({ digest }) => digest === subject)
  if (member === undefined)
    return at({ outcome: 'error', code: 'evidence.missing', found: `${root} does not list ${subject}` })
  return at(member.nested ? { outcome: 'error', code: 'image.nested-index', found: subject } : undefined, root)
}

function unresolved(reference: Reference, view: EvidenceView): Obstacle {
  const parts = parseReference(reference)
  if (isProblem(parts)) return { outcome: 'error', code: parts.code, found: parts.found } // T89
  const tag = reference.split('@')[0] as Reference
  const outcome = view.outcomeOf({ ask: 'resolve', image: tag })
  if (outcome !== undefined && 'absent' in outcome)
    return { outcome: 'fail', code: 'registry.not-found', expected: reference }
  return {
    outcome: 'error',
    code: outcome !== undefined && 'failed' in outcome ? outcome.failed : 'evidence.missing',
    found: reference,
  }
}

function manifestOf(root: Digest, view: EvidenceView): Outcome3 | undefined {
  return view.observations.find(({ question }) => question.ask === 'manifest' && question.digest === root)?.outcome
}

/** Notes about the image as such: a tag that moved, documents without platform. */
function imageNotes(inputs: Inputs, view: EvidenceView, limits: Limits): readonly Finding[] {
  const { asked, subject } = inputs
  if (asked.as === undefined || typeof subject !== 'string' || (asked.root !== undefined && asked.root !== subject))
    return []
  const notes: Finding[] = []
  const add = (code: Finding['code'], said: Pick<Finding, 'expected' | 'found'>) =>
    notes.push({ check: 'image', code, outcome: 'pass', basis: 'none', subject, ...said, evidence: [subject] })
  const parts = partsOf(asked.as as Reference)
  if (parts.tag !== undefined && parts.digest !== undefined) {
    const outcome = view.outcomeOf({ ask: 'resolve', image: asked.as.split('@')[0] as Reference })
    if (
      outcome !== undefined &&
      'found' in outcome &&
      outcome.found !== parts.digest &&
      indexBehind(asked.as as Reference, subject, view, limits) === undefined
    )
      add('registry.tag-moved', { found: outcome.found })
  }
  const origin = asked.name === undefined ? undefined : originOf(asked.as as Reference, asked.name as Name)
  const there = origin === undefined ? undefined : view.outcomeOf(origin)
  if (there !== undefined && 'found' in there && there.found !== subject)
    add('registry.mirror-behind', { expected: there.found, found: subject }) // T91
  const manifest = manifestOf(subject, view)
  if (manifest !== undefined && 'found' in manifest) {
    const tree = readTree(subject, manifest.mediaType, view.bytes, limits)
    if (!('problem' in tree) && tree.others > 0) add('image.attestation-child', { found: String(tree.others) })
  }
  return notes
}

/** Whether the policy speaks of this name at all, and from which version each requirement does. */
export type Scope = {
  readonly applies: (requirement: Requirement) => NotApplicable | undefined
  readonly version: string | undefined
}
export type NotApplicable = Pick<Finding, 'code'> & { readonly expected?: string; readonly found: string }

export function scopeOf(inputs: Inputs, policy: Policy): Scope {
  const { name, version } = inputs.asked
  const image = name === undefined ? undefined : policy.images?.find((one) => one.name === name)
  const claimed: Version | undefined = version === undefined ? undefined : versionOf(version)
  return {
    version,
    applies: (requirement) => {
      if (policy.images !== undefined && name !== undefined && image === undefined)
        return { code: 'policy.out-of-scope', found: name }
      if (image?.signed === 'no') return { code: 'policy.not-signed-by-design', found: image.name }
      const from = requirement.from === undefined ? undefined : versionOf(requirement.from)
      // An unknown version applies: a digest without a tag must not slip through.
      if (from !== undefined && claimed !== undefined && compareVersions(claimed, from) < 0)
        return { code: 'requirement.not-yet', expected: requirement.from ?? '', found: version ?? '' }
      return undefined
    },
  }
}
