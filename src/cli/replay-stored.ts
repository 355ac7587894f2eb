import type { z } from 'zod'
import type { Digest } from '../core/digest.ts'
import type { VerdictAnswer } from '../core/request.ts'
import { formatTime } from '../core/time.ts'
import type { Instead } from '../examine/replay.ts'
import type { SubjectDifference } from '../report/model/differences.ts'
import * as shapes from '../server/api/shapes.ts'
import { differenceLines } from './difference-lines.ts'
import { type ExitCode, exitOf, worstExit } from './problem.ts'
import { inService } from './service-command.ts'
import { showReplayed } from './show-replayed.ts'

/** Judges the request behind a stored verdict again, from the database alone. */
export async function replayVerdict(
  verdict: Digest,
  instead: Instead,
  shown: { readonly output?: string | undefined; readonly explain?: boolean | undefined },
): Promise<ExitCode> {
  const asked = requestOf(instead)
  const replayed = shapes.replay.parse(
    await inService({ do: 'replay', verdict, ...(Object.keys(asked).length > 0 && { instead: asked }) }),
  )
  const { same, rules, answer } = replayed
  if (shown.output === 'json') process.stdout.write(`${JSON.stringify(replayed)}\n`)
  else
    await showReplayed(
      [answer as unknown as VerdictAnswer],
      [
        ...(rules.was === rules.is ? [] : [`judged under rules ${rules.was}; these are rules ${rules.is}.`]),
        ...(same === true
          ? [`${verdict}: the same verdict, byte for byte.`]
          : differenceLines(verdict, replayed.differences as unknown as readonly SubjectDifference[])),
      ],
      shown.explain === true,
    )
  return worstExit([exitOf(answer.verdict), ...(same === false ? [3 as const] : [])])
}

/** Files of this machine as their bytes: the service reads none. */
function requestOf({ policy, trust, at }: Instead): z.input<typeof shapes.replayRequest> {
  return {
    ...(policy !== undefined && { policy: JSON.parse(Buffer.from(policy.sealed.bytes).toString('utf8')) }),
    ...(trust !== undefined && { trust: { root: { base64: Buffer.from(trust.bytes).toString('base64') } } }),
    ...(at !== undefined && { at: formatTime(at) }),
  }
}
