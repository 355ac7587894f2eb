/** A SLSA verification summary (slsa.dev/spec/v1.2/verification_summary) as a verifier signs it. */
import { digest } from './bytes.ts'

export const verifier = 'https://verifier.example/v1'
export const resource = 'https://downloads.example/app-1.2.3.tar.gz'
export const summaryPredicate = 'https://slsa.dev/verification_summary/v1'

export type SummaryStatement = ReturnType<typeof summaryOf>

/** `edit` changes the statement after it was put together. */
export function summary(content: string, edit?: (statement: SummaryStatement) => unknown): object {
  const made = summaryOf(content)
  return (edit?.(made) ?? made) as object
}

/** The same with other fields in its predicate. */
export const saying =
  (changes: object) =>
  (statement: SummaryStatement): object => ({ ...statement, predicate: { ...statement.predicate, ...changes } })

const summaryOf = (content: string) => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'app-1.2.3.tar.gz', digest: { sha256: digest('sha256', Buffer.from(content)).toString('hex') } }],
  predicateType: summaryPredicate,
  predicate: {
    verifier: { id: verifier, version: { enforcer: '7.1.0' } },
    timeVerified: '2026-01-15T12:00:00Z',
    resourceUri: resource,
    policy: { uri: 'https://verifier.example/policies/release', digest: { sha256: 'ab'.repeat(32) } },
    inputAttestations: [{ uri: 'https://downloads.example/app.intoto.jsonl', digest: { sha256: 'cd'.repeat(32) } }],
    verificationResult: 'PASSED',
    verifiedLevels: ['SLSA_BUILD_LEVEL_2', 'SLSA_SOURCE_LEVEL_1', 'REVIEWED'] as readonly string[],
    dependencyLevels: { SLSA_BUILD_LEVEL_1: 3 },
    slsaVersion: '1.2',
  },
})
