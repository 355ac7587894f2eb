/** Before and after each commit, add and acknowledgement: where a crash makes a difference. */
export const points = [
  'create.begun',
  'create.before-commit',
  'create.after-commit',
  'add.before',
  'add.after',
  'answer.before',
  'answer.after',
  'job.taken',
  'claim.before',
  'claim.after',
  'put.before',
  'put.after',
  'judged',
  'finish.begun',
  'finish.before-commit',
  'finish.after-commit',
  'repeat.begun',
  'repeat.before-commit',
  'repeat.after-commit',
  'job.done',
  'acknowledged',
  'sweep.before-add',
  'sweep.after-add',
  'fail.before',
  'fail.after',
  'park.before-commit',
  'park.after-commit',
] as const
export type Point = (typeof points)[number]

/**
 * `lost`: committed, and never put into the queue, as by a crash in between; the sweeper finds it. `repeats`: the same was
 * asked before, and comes to its end first.
 */
export type Ask = {
  readonly key: string
  readonly image: string
  readonly lost: boolean
  readonly repeats: boolean
  readonly dieAt?: Point
}
export type Told =
  | { readonly ready: true }
  | { readonly id: string }
  | { readonly state: string }
  | { readonly error: string }
