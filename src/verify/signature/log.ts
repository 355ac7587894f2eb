import type { KeyObject } from 'node:crypto'
import type { Code } from '../../core/codes.ts'
import { parseCheckpoint } from '../../core/signed-note.ts'
import type { KeptCertificate } from '../certificate/kept-certificate.ts'
import { type Trust, type TrustedLog, within } from '../trust/trusted-root.ts'
import type { Hash } from './algorithm.ts'
import { type Candidate, type EntryMaterial, promiseSuffices } from './candidate.ts'
import type { CheckedContent } from './content.ts'
import { matchesIntoto001, namesSigner, readEntryBody } from './log-body.ts'
import { verifyEntry } from './stages.ts'

/** A log entry that was shown: in which log, when (only a verified SET signs a time, T15), by promise or proof. */
export type ShownEntry = {
  readonly log: TrustedLog
  readonly time: number | undefined
  readonly byPromiseOnly: boolean
  readonly hash: Hash | undefined
  /** From the verified checkpoint, never from the fields beside it (L10). */
  readonly checkpoint: string | undefined
}
export type EntryProblem = {
  readonly outcome: 'fail' | 'error'
  readonly code: Code
  readonly stranger: boolean
  readonly found?: string
}

export function checkEntry(
  entry: EntryMaterial,
  candidate: Candidate,
  content: CheckedContent,
  signer: KeptCertificate | KeyObject,
  trust: Trust,
  maxDepth: number,
): ShownEntry | EntryProblem {
  const log = trust.logs.find((known) => known.id.equals(entry.logId))
  if (log === undefined)
    return { outcome: 'fail', code: 'log.unknown', stranger: true, found: entry.logId.toString('hex').slice(0, 64) }
  const problem = (code: Code, outcome: 'fail' | 'error' = 'fail', found?: string): EntryProblem => ({
    outcome,
    code,
    stranger: false,
    ...(found !== undefined && { found }),
  })
  if (entry.promise === undefined && entry.proof === undefined) return problem('log.proof-absent')
  const body = readEntryBody(entry, maxDepth)
  if (body === 'unsupported')
    return problem('log.entry-unsupported', 'error', `${entry.kind} ${entry.version}`.slice(0, 64))
  if (body === 'malformed') return problem('log.entry-malformed')
  if (body.hash !== undefined && !content.knows(body.hash)) return problem('artifact.bytes-needed', 'error', body.hash)
  const checkpoint = entry.proof === undefined ? undefined : parseCheckpoint(entry.proof.checkpoint)
  if (entry.proof !== undefined) {
    if (checkpoint === undefined) return problem('log.checkpoint-malformed', 'error')
    // T19: the library matches names by substring. The log's own line must bear its own name, and so must the origin.
    const own = checkpoint.signatures.some((line) => line.name === log.host && line.hint.equals(log.hint))
    const named = checkpoint.origin === log.host || checkpoint.origin.startsWith(`${log.host} - `)
    if (!own || !named) return problem('log.invalid', 'fail', checkpoint.origin.slice(0, 200)) // L17: as the library, and we say which
  }
  const stage = verifyEntry(trust.material, content, entry)
  const shown =
    !('failed' in stage) ||
    (stage.failed === 'TLOG_BODY_ERROR' &&
      entry.kind === 'intoto' &&
      entry.version === '0.0.1' &&
      matchesIntoto001(body, candidate.content))
  if (!shown && stage.failed === 'thrown') return problem('log.entry-malformed', 'error') // L12
  if (!shown) return problem(stage.failed === 'TLOG_BODY_ERROR' ? 'log.entry-mismatch' : 'log.invalid')
  if (!namesSigner(body, signer)) return problem('log.entry-other-key') // L4, T17
  if (entry.proof === undefined && !promiseSuffices(candidate.form)) return problem('log.proof-absent') // L9
  return {
    log,
    time: entry.promise === undefined ? undefined : Number(entry.integratedTime) * 1000, // T15
    byPromiseOnly: entry.proof === undefined,
    hash: body.hash,
    checkpoint:
      checkpoint === undefined
        ? undefined
        : `${checkpoint.origin.slice(0, 200)}, size ${checkpoint.size}, root ${checkpoint.root.toString('base64')}`,
  }
}

/** L7: the log's key was in service at every signed time; a checkpoint by a key that had ended proves nothing. */
export const inService = (log: TrustedLog, times: readonly number[]): boolean =>
  times.every((time) => within(log.window, time))
