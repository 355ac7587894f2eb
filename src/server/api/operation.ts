import { decodeUtf8 } from '../../core/json.ts'
import { formatTime } from '../../core/time.ts'
import type { RequestRow } from '../../store/request-row.ts'

/** One row as it is shown, without its answer. */
export function operationOf(row: RequestRow) {
  const { id, state, subject, policy, attempt, outcome, progress, error, createdAt, doneAt } = row
  return {
    id,
    state,
    subject,
    policy,
    attempt,
    ...(outcome !== null && { outcome }),
    ...(progress !== null && { progress }),
    ...(error !== null && { error }),
    createdAt: formatTime(createdAt.getTime()),
    ...(doneAt !== null && { doneAt: formatTime(doneAt.getTime()) }),
  }
}

/** With the answer that stands in the bytes of its result, if it has come to one. */
export function verificationOf(row: RequestRow, result: Uint8Array | undefined): object {
  const { answer } = (result === undefined ? {} : JSON.parse(decodeUtf8(result) ?? '{}')) as { answer?: object }
  return { ...operationOf(row), ...(answer !== undefined && { answer }) }
}
