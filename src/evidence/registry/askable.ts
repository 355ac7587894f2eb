import { isDigest } from '../../core/digest.ts'
import type { RegistryQuestion } from '../../core/observation.ts'
import { isProblem, parseReference } from '../../core/reference.ts'

/** T41: digests and tags become parts of a URL, and come from documents of strangers. */
export function isAskable(question: RegistryQuestion): boolean {
  if ('digest' in question) return isDigest(question.digest)
  if (question.ask !== 'tag') return true
  const parts = parseReference(`${question.image}:${question.tag}`)
  return !isProblem(parts) && parts.tag === question.tag && parts.digest === undefined
}
