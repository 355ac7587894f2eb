import type { Digest } from '../core/digest.ts'
import { limits } from '../core/limits.ts'
import type { SubjectAnswer } from '../core/request.ts'
import type { Done } from '../examine/shop.ts'
import { readGiven } from '../judge/bare-envelopes.ts'
import { isCandidate } from '../verify/signature/candidate.ts'
import { usage } from './flags.ts'
import type { Extras } from './verify.ts'

export type PrintFlags = { readonly [K in (typeof names)[number]]?: boolean | undefined } & {
  readonly output?: string | undefined
}
const names = ['print-provenance', 'print-attestation'] as const

/** Statements on standard output, for a program; the table beside it, for a person. */
export function printing(flags: PrintFlags): Pick<Extras, 'table' | 'after'> {
  const name = names.find((one) => flags[one] === true)
  if (name === undefined) return {}
  if (flags.output === 'json')
    throw usage(`--${name} writes the statements to standard output, where -o json writes the answers.`)
  return { table: process.stderr, after: printProvenance }
}

/** The statements by which artifacts were trusted, as they were signed, one a line, each once; of what is not trusted, none. */
function printProvenance(all: readonly Done[]): void {
  const statements = new Set<string>()
  for (const { examined } of all)
    for (const subject of examined.answer.subjects.filter(({ outcome }) => outcome === 'trusted'))
      for (const [id, evidence] of candidatesMet(subject))
        for (const digest of evidence) {
          const reads = readGiven(examined.documents.get(digest) ?? Buffer.alloc(0), limits)
          // The layer of an attestation is named by its descriptor, and stands alone in its blob.
          for (const read of reads)
            if (isCandidate(read) && read.content.kind === 'dsse' && (read.id === id || reads.length === 1))
              statements.add(read.content.payload.toString('utf8').trimEnd())
        }
  for (const statement of statements) process.stdout.write(`${statement}\n`)
}

/** Candidates of which everything that was asked was found good, with the evidence that they stand on. */
function candidatesMet({ findings }: SubjectAnswer): ReadonlyMap<Digest, readonly Digest[]> {
  const asked = findings.flatMap(({ candidate, demand, outcome, evidence }) =>
    candidate === undefined || demand === undefined ? [] : [{ candidate, outcome, evidence }],
  )
  const failed = new Set(asked.flatMap(({ outcome, candidate }) => (outcome === 'pass' ? [] : [candidate])))
  return new Map(asked.flatMap(({ candidate, evidence }) => (failed.has(candidate) ? [] : [[candidate, evidence]])))
}
