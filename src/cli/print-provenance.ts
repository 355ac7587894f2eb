import { limits } from '../core/limits.ts'
import type { SubjectAnswer } from '../core/request.ts'
import type { Done } from '../examine/shop.ts'
import { readGiven } from '../judge/bare-envelopes.ts'
import { isCandidate } from '../verify/signature/candidate.ts'

/** The statements by which files were trusted, as they were signed, one a line, each once; of what is not trusted, none. */
export function printProvenance(all: readonly Done[]): void {
  const statements = new Set<string>()
  for (const { examined } of all)
    for (const subject of examined.answer.subjects.filter(({ outcome }) => outcome === 'trusted')) {
      const met = candidatesMet(subject)
      for (const bytes of examined.documents.values())
        for (const read of readGiven(bytes, limits))
          if (isCandidate(read) && read.content.kind === 'dsse' && met.has(read.id))
            statements.add(read.content.payload.toString('utf8').trimEnd())
    }
  for (const statement of statements) process.stdout.write(`${statement}\n`)
}

/** Candidates of which everything that was asked was found good. */
function candidatesMet({ findings }: SubjectAnswer): ReadonlySet<string> {
  const asked = findings.filter(({ candidate, demand }) => candidate !== undefined && demand !== undefined)
  const failed = new Set(asked.flatMap(({ outcome, candidate }) => (outcome === 'pass' ? [] : [candidate])))
  return new Set(
    asked.flatMap(({ candidate }) => (candidate === undefined || failed.has(candidate) ? [] : [candidate])),
  )
}
