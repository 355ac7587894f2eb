import type { Finding } from '../core/finding.ts'
import type { Inputs } from '../core/verdict.ts'

/** A finding that no demand asked for unless `parts` says so: shown, never moves a verdict. */
export const note = (inputs: Inputs, parts: Partial<Finding> & Pick<Finding, 'check' | 'code'>): Finding => ({
  outcome: 'pass',
  basis: 'none',
  subject: inputs.subject,
  evidence: [],
  ...parts,
})
