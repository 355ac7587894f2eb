import type { Problem } from '../core/request.ts'
import type { VerdictOutcome } from '../core/verdict.ts'
import type { RequestState } from './tables.ts'

export type Progress = {
  readonly phase: string
  readonly done: number
  readonly total: number | null
  readonly unit: string
}

export type RequestRow = {
  readonly id: string
  readonly subject: string
  readonly policy: string
  readonly state: RequestState
  readonly attempt: number
  readonly outcome: VerdictOutcome | null
  readonly progress: Progress | null
  readonly error: Problem | null
  readonly createdAt: Date
  readonly doneAt: Date | null
}

export const requestColumns = [
  'id',
  'subject',
  'policy',
  'state',
  'attempt',
  'outcome',
  'progress',
  'error',
  'created_at as createdAt',
  'done_at as doneAt',
] as const

export const openStates: readonly RequestState[] = ['queued', 'running']

/** Whether nothing more happens to it by itself. */
export const hasEnded = ({ state }: Pick<RequestRow, 'state'>): boolean => !openStates.includes(state)

export const asRow = (row: object): RequestRow => row as RequestRow
