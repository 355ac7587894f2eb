import type { Digest } from '../core/digest.ts'
import { printable } from '../core/printable.ts'
import * as shapes from '../server/api/shapes.ts'
import { type ExitCode, exitOf, worstExit } from './problem.ts'
import { inService } from './service-command.ts'

/** Judges the request behind a stored verdict again, from the database alone. */
export async function replayVerdict(verdict: Digest, json: boolean): Promise<ExitCode> {
  const replayed = shapes.replay.parse(await inService({ do: 'replay', verdict }))
  const { same, rules, differences, answer } = replayed
  if (json) process.stdout.write(`${JSON.stringify(replayed)}\n`)
  else {
    if (rules.was !== rules.is) process.stdout.write(`judged under rules ${rules.was}; these are rules ${rules.is}.\n`)
    process.stdout.write(
      same === true ? `${verdict}: the same verdict, byte for byte.\n` : `${verdict}: other bytes than those stored.\n`,
    )
    for (const { subject, was, is } of differences)
      process.stdout.write(
        `${printable(subject)}: was ${was?.outcome ?? 'not judged'} (${was?.codes.join(', ') ?? ''}); is ${is?.outcome ?? 'not judged'} (${is?.codes.join(', ') ?? ''})\n`,
      )
  }
  return worstExit([exitOf(answer.verdict), ...(same === true ? [] : [3 as const])])
}
