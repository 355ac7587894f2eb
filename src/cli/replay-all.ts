import { printable } from '../core/printable.ts'
import type { ReplayedPage } from '../jobs/replay-all.ts'
import type { ExitCode } from './problem.ts'
import { type Ask, withService } from './service-command.ts'

/**
 * Everything that the database holds a verdict of, judged again a page at a time. 0: all the same, byte for byte; 1: some
 * verdict is another one; 3: some could not be told, since what it stands on was altered or lost.
 */
export const replayEverything = (json: boolean, restores: boolean): Promise<ExitCode> =>
  withService((ask) => pages(ask, json, restores))

async function pages(ask: Ask, json: boolean, restores: boolean): Promise<ExitCode> {
  const all = { requests: 0, verdicts: 0, same: 0, otherRules: 0, lost: 0, restored: 0, differ: 0, broken: 0 }
  const write = (line: string) => process.stdout.write(`${line}\n`)
  const progress = process.stderr.isTTY === true
  let after: string | undefined
  do {
    const page = (await ask({
      do: 'replay all',
      restore: restores,
      ...(after !== undefined && { after }),
    })) as unknown as ReplayedPage
    for (const key of ['requests', 'verdicts', 'same', 'otherRules', 'lost', 'restored'] as const) all[key] += page[key]
    all.differ += page.differ.length
    all.broken += page.broken.length
    if (progress) process.stderr.write('\r\u001b[2K')
    for (const one of page.differ)
      write(
        json
          ? JSON.stringify({ differs: one })
          : printable(
              `${one.subject}${one.platform === undefined ? '' : ` (${one.platform})`}: was ${one.was}, is ${one.is}: verdict ${one.verdict} is now ${one.becomes} (request ${one.request})`,
            ),
      )
    for (const one of page.broken)
      write(
        json
          ? JSON.stringify({ broken: one })
          : printable(`${one.subject}: could not tell, ${one.code} ${one.found} (request ${one.request})`),
      )
    if (progress) process.stderr.write(`${all.verdicts} verdicts judged again`)
    after = page.next ?? undefined
  } while (after !== undefined)
  if (progress) process.stderr.write('\r\u001b[2K')
  if (json) write(JSON.stringify(all))
  else for (const line of summary(all)) write(line)
  return all.differ > 0 ? 1 : all.broken > 0 ? 3 : 0
}

type All = Readonly<
  Record<'requests' | 'verdicts' | 'same' | 'otherRules' | 'lost' | 'restored' | 'differ' | 'broken', number>
>

function summary({ requests, verdicts, same, otherRules, lost, restored, differ, broken }: All): readonly string[] {
  const of = `of ${many(requests, 'request')}`
  return [
    differ === 0 && broken === 0
      ? `${many(verdicts, 'verdict')} ${of}: all the same, byte for byte.`
      : `${many(verdicts, 'verdict')} ${of}: ${same} the same, byte for byte; ${differ} differ; ${broken} could not be told.`,
    ...(otherRules === 0 ? [] : [`${many(otherRules, 'verdict')} judged under other rules than these.`]),
    ...(restored > 0
      ? [`${many(restored, 'row')} of verdicts restored.`]
      : lost > 0
        ? [`${many(lost, 'verdict')} without a row; meshproof replay --all --restore writes it again.`]
        : []),
  ]
}

const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
