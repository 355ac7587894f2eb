import type { Digest } from '../core/digest.ts'
import type { Limits } from '../core/limits.ts'
import type { Question } from '../core/observation.ts'
import { readIndex, readManifest } from '../core/oci.ts'
import type { CandidateKind, Policy } from '../core/policy.ts'
import { type Name, nameOf, partsOf, type Reference } from '../core/reference.ts'
import { askLog } from './ask-log.ts'
import type { EvidenceView } from './evidence-view.ts'
import { indexBehind, manifestsBehind } from './index-behind.ts'
import { layerQuestion } from './layers.ts'
import { closedBy, kindsOf, placesFor, tagFor } from './places.ts'
import { meansPlatform, readTree } from './tree.ts'

/** What an image request wants to know; all of it is shown in `Inputs` or in the questions themselves. */
export type ImageAsked = {
  readonly reference: Reference
  /** After mirrors are mapped: what the policy and the signed name speak of. */
  readonly name: Name
  readonly signatureRepository?: Name | undefined
  readonly platform?: string | undefined
  /** Whether somebody here remembers what was seen before. */
  readonly history?: boolean
}

/** The questions still open for an image; none = everything is at hand, or known to be absent or out of reach. */
export function askImage(asked: ImageAsked, policy: Policy, view: EvidenceView, limits: Limits): readonly Question[] {
  const open = askPlaces(asked, policy, view, limits)
  if (open.length > 0 || asked.history !== true) return open
  const last = new Questions(view)
  last.add({ ask: 'sightings', image: asked.reference }) // once it is known where everything leads now
  return last.list
}

function askPlaces(asked: ImageAsked, policy: Policy, view: EvidenceView, limits: Limits): readonly Question[] {
  const open = new Questions(view)
  const parts = partsOf(asked.reference)
  const place = nameOf(parts)
  const resolved = resolveRoot(asked, view)
  if (resolved.resolve !== undefined) open.add(resolved.resolve)
  const origin = originOf(asked.reference, asked.name)
  if (origin !== undefined) open.add(origin)
  if (resolved.digest === undefined) return open.list
  const manifest: Question = { ask: 'manifest', image: place, digest: resolved.digest }
  open.add(manifest)
  const outcome = view.outcomeOf(manifest)
  if (outcome === undefined || !('found' in outcome)) return open.list
  const tree = readTree(resolved.digest, outcome.mediaType, view.bytes, limits)
  if ('problem' in tree) return open.list
  const wanted = asked.platform
  const members = tree.members.filter(
    ({ platform, nested }) => !nested && (wanted === undefined || meansPlatform(wanted, platform)),
  )
  for (const question of askLog(tree.root, policy, view, limits)) open.add(question)
  const closed = closedBy(view.given)
  const kinds = kindsOf(policy).filter((kind) => !closed.has(kind))
  if (kinds.length === 0) return open.list
  // The root may lend to its members, so it is asked even where only a platform is judged.
  const digests = [tree.root, ...members.map(({ digest }) => digest)]
  const { near, far } = placesFor(policy, asked.name, place, asked.signatureRepository)
  const silent = (digest: Digest) => near.every((repository) => isSilent(repository, digest, kinds, view))
  const lends = kinds.every((kind) => policy.inherit?.includes(kind) ?? true)
  for (const digest of digests) {
    for (const repository of near) askDigest(open, repository, digest, kinds, view, limits)
    if (far !== undefined && silent(digest) && (!lends || silent(tree.root)))
      askDigest(open, far, digest, kinds, view, limits)
  }
  // Of a platform that was asked by its digest, its index is asked for what stands on indexes only: that of the tag beside
  // it, or one in which it was seen.
  if (tree.isIndex || !kinds.includes('attestation') || policy.inherit?.includes('attestation') === false)
    return open.list
  for (const question of manifestsBehind(asked.reference, tree.root, view)) open.add(question)
  const behind = indexBehind(asked.reference, tree.root, view, limits)
  if (behind === undefined && open.list.length === 0 && asked.history === true)
    open.add({ ask: 'index-of', image: place, digest: tree.root })
  for (const repository of behind === undefined ? [] : [...near, ...(far === undefined ? [] : [far])])
    if (behind !== undefined) askDigest(open, repository, behind, ['attestation'], view, limits)
  return open.list
}

/** Everything was asked there, and nothing found. */
const isSilent = (image: Name, digest: Digest, kinds: readonly CandidateKind[], view: EvidenceView): boolean =>
  lookupsOf(image, digest, kinds).every((question) => {
    const outcome = view.outcomeOf(question)
    return outcome !== undefined && !('found' in outcome)
  })

const lookupsOf = (image: Name, digest: Digest, kinds: readonly CandidateKind[]): readonly Question[] => [
  ...kinds.map((kind): Question => ({ ask: 'tag', image, tag: tagFor(digest, kind) })),
  { ask: 'referrers', image, digest },
]

/** In `name:tag@digest` the digest decides; the tag is asked as well, to tell when it has moved. */
export function resolveRoot(
  asked: ImageAsked,
  view: EvidenceView,
): { readonly digest: Digest | undefined; readonly resolve: Question | undefined } {
  const parts = partsOf(asked.reference)
  const resolve: Question | undefined =
    parts.tag === undefined && parts.digest !== undefined
      ? undefined
      : { ask: 'resolve', image: tagOnly(asked.reference) }
  const outcome = resolve === undefined ? undefined : view.outcomeOf(resolve)
  const byTag = outcome !== undefined && 'found' in outcome ? outcome.found : undefined
  return { digest: parts.digest ?? byTag, resolve }
}

/** T91: where the name is that of a mirror, what its origin says of the tag; undefined where there is no other. */
export function originOf(reference: Reference, name: Name): Question | undefined {
  const parts = partsOf(reference)
  if (nameOf(parts) === name || parts.tag === undefined) return undefined
  return { ask: 'resolve', image: `${name}:${parts.tag}` as Reference }
}

const tagOnly = (reference: Reference): Reference => reference.split('@')[0] as Reference

class Questions {
  readonly list: Question[] = []
  private readonly view: EvidenceView
  constructor(view: EvidenceView) {
    this.view = view
  }
  add(question: Question): void {
    if (this.view.outcomeOf(question) === undefined) this.list.push(question)
  }
}

function askDigest(
  open: Questions,
  image: Name,
  digest: Digest,
  kinds: readonly CandidateKind[],
  view: EvidenceView,
  limits: Limits,
): void {
  for (const question of lookupsOf(image, digest, kinds)) {
    open.add(question)
    const outcome = view.outcomeOf(question)
    if (outcome === undefined || !('found' in outcome)) continue
    if (question.ask === 'tag') {
      if (outcome.found !== digest) askLayers(open, image, outcome.found, view, limits)
      continue
    }
    for (const referrer of referrersOf(outcome.found, digest, view, limits)) {
      const manifest: Question = { ask: 'manifest', image, digest: referrer }
      open.add(manifest)
      const found = view.outcomeOf(manifest)
      if (found !== undefined && 'found' in found) askLayers(open, image, found.found, view, limits)
    }
  }
}

/** The layers of a signature's manifest. */
function askLayers(open: Questions, image: Name, manifest: Digest, view: EvidenceView, limits: Limits): void {
  const bytes = view.bytes(manifest)
  const document = bytes === undefined ? undefined : readManifest(bytes, limits.jsonDepth)
  if (document === undefined) return
  for (const layer of document.layers.slice(0, limits.layers)) {
    const question = layerQuestion(image, layer, limits)
    if (question !== undefined) open.add(question)
  }
}

/** Digests that a list of referrers names: every one of them is opened, whatever type the list states (formats section 4). */
export function referrersOf(list: Digest, subject: Digest, view: EvidenceView, limits: Limits): readonly Digest[] {
  return (readReferrers(list, view, limits)?.digests ?? [])
    .filter((digest) => digest !== subject)
    .slice(0, limits.referrers)
}

/** What a list names; `foreign`: some of it under digests that we do not speak (T89). */
export type Referrers = { readonly digests: readonly Digest[]; readonly foreign: boolean }

export function readReferrers(list: Digest, view: EvidenceView, limits: Limits): Referrers | undefined {
  const bytes = view.bytes(list)
  const index = bytes === undefined ? undefined : readIndex(bytes, limits.jsonDepth)
  return (
    index && { digests: [...new Set(index.manifests.map(({ digest }) => digest))], foreign: index.foreign.length > 0 }
  )
}
