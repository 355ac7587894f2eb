import type { Digest } from '../core/digest.ts'
import type { Limits } from '../core/limits.ts'
import type { Question } from '../core/observation.ts'
import type { Policy } from '../core/policy.ts'
import { askLog } from './ask-log.ts'
import type { EvidenceView } from './evidence-view.ts'

/** The questions still open for a file or a bare digest: what was given answers for it, and the log. */
export const askArtifact = (
  artifact: Digest,
  policy: Policy,
  view: EvidenceView,
  limits: Limits,
): readonly Question[] =>
  askLog(artifact, policy, view, limits).filter((question) => view.outcomeOf(question) === undefined)
