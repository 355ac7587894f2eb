/** The thread that judges again, with kept requests that do to it what a judge with a hole would let them do. */
import replayed, { type ReplayResult, type ReplayTask } from '../../workers/replay.ts'

export default function poisoned(task: ReplayTask): Promise<ReplayResult> {
  const request = Buffer.from(task.result).toString()
  if (request.includes('/loops:')) for (;;);
  if (request.includes('/hogs:'))
    for (const held: number[][] = []; ; ) held.push(Array.from({ length: 10_000 }, (_, i) => i))
  if (request.includes('/throws:')) throw new Error('a bug')
  if (request.includes('/exits:')) process.exit(1)
  return replayed(task)
}
