import type { Report } from '../core/cause.ts'
import { Fault } from '../core/fault.ts'
import { problemOf } from '../core/problem.ts'
import { report } from './cause.ts'
import { outputOptions } from './output.ts'
import { type ExitCode, exitOfFault } from './problem.ts'
import { renderProblem } from './render/problem.ts'

/** A person's error is three lines: what, where, what to do next. The cause is shown only to who asks for it. */
export function tell(error: unknown): ExitCode {
  process.stderr.write(`${renderProblem(problemOf(error), outputOptions(process.stderr))}\n`)
  report(error)
  return error instanceof Fault ? exitOfFault(error.code) : 3
}

/** What happens beside a request is reported; that the database has ended is told, since the process ends with it. */
export const tellingOfItsEnd =
  (report: Report): Report =>
  (error, about) => {
    if (error instanceof Fault && error.code === 'database.stopped') tell(error)
    else report(error, about)
  }
