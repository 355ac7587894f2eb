import type { Digest } from '../../core/digest.ts'
import { type Told, toldAbsent } from '../told.ts'

/** T88: an answer at a derived tag that is the subject itself says nothing about the subject. */
export function aboutAnother(told: Told, subject: Digest | undefined): Told {
  if (!('found' in told.outcome) || told.outcome.found !== subject) return told
  return toldAbsent(told.from, { note: 'signature.subject-foreign', found: subject })
}

/** `sha256-<hex>.sig` speaks of `sha256:<hex>`. */
export function subjectOf(tag: string): Digest | undefined {
  const hex = /^sha256-([0-9a-f]{64})(?:\.|$)/.exec(tag)?.[1]
  return hex === undefined ? undefined : (`sha256:${hex}` as Digest)
}
