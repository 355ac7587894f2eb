import type { Subject } from '../../core/finding.ts'
import type { Limits } from '../../core/limits.ts'
import type { Trust } from '../trust/trusted-root.ts'
import type { SubjectDigests } from './payload.ts'

/** What a requirement is held against, for one subject. */
export type Matter = {
  readonly subject: Subject
  readonly digests: SubjectDigests
  /** The name asked, after mirrors; undefined where none is known. */
  readonly name: string | undefined
  readonly version: string | undefined
  /** An image: a statement about it is no signature unless its type says so (T40). */
  readonly isImage: boolean
  readonly trust: Trust
  readonly at: number
  readonly limits: Limits
}
