/** The thread of the service, with documents that do to it what a judge with a hole would let them do. */
import examination, { type Task, type TaskResult } from '../../workers/examination.ts'

export default function poisoned(task: Task): Promise<TaskResult> {
  const spec = Buffer.from(task.spec).toString()
  if (spec.includes('/loops:')) for (;;);
  if (spec.includes('/hogs:'))
    for (const held: number[][] = []; ; ) held.push(Array.from({ length: 10_000 }, (_, i) => i))
  if (spec.includes('/throws:')) throw new Error('a bug')
  if (spec.includes('/exits:')) process.exit(1)
  return examination(task)
}
