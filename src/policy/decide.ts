import { decides, type Finding } from '../core/finding.ts'
import type { VerdictOutcome } from '../core/verdict.ts'

/**
 * From the findings of the requirements to the verdict. Only findings without candidate whose pointer is
 * `/requirements/i`, `/sameBuild/i` or `/installed/i` move it. Trusted means shown: something passed on a cryptographic or measured basis.
 */
export function decide(findings: readonly Finding[]): VerdictOutcome {
  const deciding = findings.filter(decides)
  if (deciding.some(({ outcome }) => outcome === 'fail')) return 'rejected'
  if (deciding.some(({ outcome }) => outcome === 'error')) return 'inconclusive'
  return deciding.some(
    ({ outcome, basis, demand }) =>
      outcome === 'pass' &&
      (basis === 'cryptographic' || basis === 'measured') &&
      // To be equal to an archive of which nothing is shown shows nothing.
      demand?.startsWith('/installed/') === false,
  )
    ? 'trusted'
    : 'inconclusive'
}
