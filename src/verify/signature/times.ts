import type { Code } from '../../core/codes.ts'
import type { Trust } from '../trust/trusted-root.ts'
import type { Candidate } from './candidate.ts'
import type { CheckedContent } from './content.ts'
import { readTimestampToken, verifyTimestamp } from './stages.ts'

export type SignedTime = {
  readonly time: number
  readonly by: 'log' | 'timestamp-authority'
  readonly operator: string
}
export type TimeProblem = { readonly outcome: 'fail' | 'error'; readonly code: Code; readonly stranger: boolean }

/** One RFC 3161 token over the signature (or, in `cosign 2 attest`'s form, over the envelope). */
export function checkTimestamp(
  der: Buffer,
  candidate: Candidate,
  content: CheckedContent,
  trust: Trust,
): SignedTime | TimeProblem {
  const token = readTimestampToken(der)
  if (token === undefined) return { outcome: 'error', code: 'time.malformed', stranger: false }
  // T20: who signed is told by the trusted root; certificates inside the token vouch for nothing.
  const authorities = trust.timestampers.filter(
    ({ chain: [signer] }) =>
      signer?.serialNumber.equals(token.signerSerialNumber) === true && signer.issuer.equals(token.signerIssuer),
  )
  const [authority] = authorities
  if (authority === undefined) return { outcome: 'fail', code: 'time.authority-unknown', stranger: true }
  for (const over of [content.signature, ...(candidate.timestamped === undefined ? [] : [candidate.timestamped])]) {
    const stage = verifyTimestamp(trust.material, { ...content, signature: over }, token)
    if ('value' in stage && stage.value !== undefined)
      return { time: stage.value.getTime(), by: 'timestamp-authority', operator: authority.operator }
  }
  return { outcome: 'fail', code: 'time.invalid', stranger: false }
}
