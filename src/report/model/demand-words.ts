import { keyOfToken } from '../../core/pointer.ts'
import { printable } from '../../core/printable.ts'

/** The links of a signature, in the order in which a person would follow them. */
export type Link = 'signature' | 'identity' | 'statement' | 'log' | 'time'

/** What a demand asks, in words, by its pointer below the requirement; the order is the order of the chain. */
const places: readonly (readonly [string, string, Link])[] = [
  ['/candidate', 'What was signed', 'signature'],
  ['/signer', 'Certificate and signature', 'signature'],
  ['/signer/keys', 'Key', 'signature'],
  ['/signer/issuer', 'Who vouched for the identity', 'identity'],
  ['/signer/identity', 'Identity', 'identity'],
  ['/signer/builder', 'Builder', 'identity'],
  ['/signer/certificate/', '', 'identity'],
  ['/reference', 'Signed name', 'statement'],
  ['/annotations/', '', 'statement'],
  ['/predicateType', 'Predicate type', 'statement'],
  ['/provenance', 'Provenance', 'statement'],
  ['/provenance/source/uri', 'Source repository', 'statement'],
  ['/provenance/source/tag', 'Source tag', 'statement'],
  ['/provenance/source/versionedTag', 'Source version', 'statement'],
  ['/provenance/source/branch', 'Source branch', 'statement'],
  ['/provenance/trigger', 'Trigger of the build', 'statement'],
  ['/provenance/workflow', 'Workflow', 'statement'],
  ['/provenance/inputs', 'Inputs of the workflow', 'statement'],
  ['/provenance/fileName', 'File name', 'statement'],
  ['/vsa', 'Verification summary', 'statement'],
  ['/vsa/verifier', 'Verifier', 'identity'],
  ['/vsa/resource', 'Resource', 'statement'],
  ['/vsa/levels', 'Levels', 'statement'],
  ['/vsa/policy', 'Policy of the verifier', 'statement'],
  ['/vsa/maxAge', 'Age of the summary', 'statement'],
  ['/transparency/log', 'Transparency log', 'log'],
  ['/transparency/proof', 'Inclusion proof', 'log'],
  ['/transparency/sct', 'Certificate transparency', 'log'],
  ['/transparency/time', 'Signed time', 'time'],
]

const extensions: Readonly<Record<string, string>> = {
  buildTrigger: 'Trigger of the build',
  githubWorkflowTrigger: 'Trigger of the build',
  runnerEnvironment: 'Runner',
  sourceRepositoryURI: 'Source repository',
  sourceRepositoryDigest: 'Commit',
  sourceRepositoryRef: 'Source ref',
  sourceRepositoryOwnerURI: 'Owner of the source',
  runInvocationURI: 'Run',
  buildConfigURI: 'Workflow that was started',
}

const below = (pointer: string): string => /^\/requirements\/\d+(.*)$/s.exec(pointer)?.[1] ?? pointer

function placeOf(pointer: string): { readonly order: number; readonly words: string; readonly link: Link } | undefined {
  const path = below(pointer)
  const order = places.findIndex(([place]) => (place.endsWith('/') ? path.startsWith(place) : path === place))
  const row = places[order]
  if (row === undefined) return undefined
  const [place, words, link] = row
  const rest = printable(keyOfToken(path.slice(place.length)))
  return {
    order,
    link,
    words: words !== '' ? words : link === 'identity' ? (extensions[rest] ?? rest) : `Annotation ${rest}`,
  }
}

export function demandWords(pointer: string | undefined): string {
  if (pointer === undefined) return 'Note'
  if (below(pointer) === '') return 'Requirement'
  if (/^\/installed\/\d+$/.test(pointer)) return 'Installed program'
  return placeOf(pointer)?.words ?? printable(below(pointer))
}

export const linkOf = (pointer: string | undefined): Link | undefined =>
  pointer === undefined ? undefined : placeOf(pointer)?.link
export const orderOf = (pointer: string | undefined): number =>
  pointer === undefined ? places.length : (placeOf(pointer)?.order ?? places.length)

/** The requirement that a pointer lies in; undefined for notes and demands over several. */
export const requirementOf = (pointer: string | undefined): number | undefined => {
  const found = pointer === undefined ? undefined : /^\/requirements\/(\d+)(?:\/|$)/.exec(pointer)?.[1]
  return found === undefined ? undefined : Number(found)
}
