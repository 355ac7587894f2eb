import { isDigest } from '../../core/digest.ts'
import type { Finding } from '../../core/finding.ts'
import { decides } from '../../core/finding.ts'
import { isProblem, parseReference } from '../../core/reference.ts'
import type { SubjectAnswer, VerdictAnswer } from '../../core/request.ts'
import type { Step } from './chain.ts'
import { findingView, textOf } from './finding-view.ts'

/** The first links, before any signature: what was asked, and how it leads to the bytes that were judged. */
export function trunkOf(subject: SubjectAnswer, answer: VerdictAnswer): readonly Step[] {
  if (subject.role === 'artifact') return artifactOf(subject)
  const { asked } = subject.inputs
  const digest = typeof subject.subject === 'string' ? subject.subject : undefined
  const obstacle = obstacleOf(subject)
  const reference = referenceOf(subject, digest === undefined ? obstacle : undefined)
  if (digest === undefined) return [reference]
  const isIndex = subject.role === 'member' || answer.subjects.some(({ role }) => role === 'member')
  const root: Step = {
    kind: isIndex ? 'index' : 'image',
    label: isIndex ? 'Index' : 'Image',
    value: asked.root ?? digest,
    ...(obstacle ?? { state: 'pass', says: 'Its bytes hash to this digest.', findings: [] }),
  }
  if (subject.role === 'root') return [reference, root]
  const says = 'The index lists this digest.'
  const label = textOf(subject.platform) ?? 'Platform'
  return [reference, root, { kind: 'platform', label, state: 'pass', value: digest, says, findings: [] }]
}

type Broken = Pick<Step, 'state' | 'findings'> & { readonly says: string }

/** What stood in the way before any signature was looked at: said of the image, never of a candidate or a look-up. */
function obstacleOf({ findings, beside }: SubjectAnswer): Broken | undefined {
  const isObstacle = (finding: Finding): boolean =>
    decides(finding) &&
    (finding.outcome === 'fail' || finding.outcome === 'error') &&
    finding.where === undefined &&
    /^(?:registry|image)\.|^evidence\.(?:missing|offline|digest-mismatch)$|^reference\.(?:malformed|digest-unsupported)$/.test(
      finding.code,
    )
  if (findings.some(({ candidate }) => candidate !== undefined)) return undefined
  const finding = findings.find(isObstacle)
  if (finding === undefined) return undefined
  const view = findingView(finding, beside)
  return { state: finding.outcome === 'fail' ? 'fail' : 'unknown', says: view.says, findings: [view] }
}

function referenceOf({ inputs }: SubjectAnswer, obstacle: Broken | undefined): Step {
  const { as = '' } = inputs.asked
  const parts = parseReference(as)
  const step = { kind: 'reference', label: 'Reference', value: textOf(as) ?? '' } as const
  if (obstacle !== undefined) return { ...step, ...obstacle }
  if (!isProblem(parts) && parts.digest !== undefined)
    return { ...step, state: 'pass', says: 'Pinned by its digest.', findings: [] }
  const says = 'A tag is what a registry says today. From here on everything is about digests.'
  return { ...step, state: 'claimed', says, findings: [] }
}

function artifactOf({ subject, inputs }: SubjectAnswer): readonly Step[] {
  const { name } = inputs.asked
  const artifact: Step = {
    kind: 'artifact',
    label: 'Artifact',
    state: 'pass',
    ...(typeof subject === 'string' && { value: subject }),
    says: 'The digest that was judged.',
    findings: [],
  }
  if (name === undefined) return [artifact]
  const says = 'A name that was given for it.'
  return [
    { kind: 'reference', label: 'Name', state: 'claimed', value: textOf(name) ?? '', says, findings: [] },
    artifact,
  ]
}

/** Twelve characters of a digest: enough to find it; the whole one stands beside or in a title. */
export const shortDigest = (digest: string): string => (isDigest(digest) ? digest.slice(7, 19) : digest)
