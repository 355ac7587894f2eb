import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { digestOf, isDigest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import { limits } from '../core/limits.ts'
import type { Answer, VerdictAnswer } from '../core/request.ts'
import { parseTime } from '../core/time.ts'
import { rules } from '../core/verdict.ts'
import { readPack } from '../evidence/pack/read.ts'
import type { ExaminedTrust } from '../examine/examination.ts'
import { type Instead, replay } from '../examine/replay.ts'
import { versions } from '../examine/versions.ts'
import { profileNamed, profileNames } from '../policy/profiles/table.ts'
import type { LoadedPolicy } from '../policy/read.ts'
import { differencesOf } from '../report/model/differences.ts'
import { differenceLines } from './difference-lines.ts'
import { readFlags, usage } from './flags.ts'
import { policyFromFile } from './policy-file.ts'
import { type ExitCode, exitOf, worstExit } from './problem.ts'
import { showReplayed } from './show-replayed.ts'

/** Judges a pack again, offline: to the same bytes, or under another policy, trusted root or date, and shows what differs. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, {
    policy: { type: 'string' },
    profile: { type: 'string' },
    'trusted-root': { type: 'string' },
    at: { type: 'string' },
    output: { type: 'string', short: 'o' },
    explain: { type: 'boolean' },
    all: { type: 'boolean' },
    restore: { type: 'boolean' },
  })
  const [folder, second] = positionals
  const otherwise = values.policy ?? values.profile ?? values['trusted-root'] ?? values.at
  if (values.all === true) {
    if (folder !== undefined || otherwise !== undefined || values.explain === true)
      throw usage(
        'meshproof replay --all takes no pack or digest, and asks nothing otherwise: only whether all is the same.',
      )
    const { replayEverything } = await import('./replay-all.ts')
    return replayEverything(values.output === 'json', values.restore === true)
  }
  if (values.restore === true) throw usage('--restore goes with --all.')
  if (folder === undefined || second !== undefined)
    throw usage('Which pack? meshproof replay PACK, the digest of a stored verdict, or --all.')
  const instead = await insteadOf(values)
  if (isDigest(folder)) {
    const { replayVerdict } = await import('./replay-stored.ts')
    return replayVerdict(folder, instead, values)
  }
  const { pack, bytes } = await readPack(folder, limits)
  const answers: Answer[] = []
  const lines: string[] = []
  let changed = false
  for (const request of pack.requests) {
    const replayed = await replay(request, bytes, instead, versions())
    answers.push(replayed.answer)
    if (values.output === 'json')
      process.stdout.write(
        `${JSON.stringify({ ...replayed.answer, replay: { same: replayed.same ?? null, rules: replayed.oldRules ?? rules } })}\n`,
      )
    const name = request.id ?? nameOf(request.subject)
    if (replayed.oldRules !== undefined)
      lines.push(`${name}: judged under rules ${replayed.oldRules}; these are rules ${rules}.`)
    if (replayed.same === true) lines.push(`${name}: the same verdict, byte for byte.`)
    else lines.push(...differenceLines(name, differencesOf(request.answer as VerdictAnswer, replayed.answer)))
    changed ||= replayed.same === false
  }
  if (values.output !== 'json') await showReplayed(answers, lines, values.explain === true)
  const exits = answers.flatMap((answer) => ('verdict' in answer ? [exitOf(answer.verdict)] : []))
  return changed ? worstExit([...exits, 3]) : worstExit(exits)
}

const nameOf = (subject: object): string =>
  'as' in subject
    ? String(subject.as)
    : 'file' in subject
      ? String(subject.file)
      : 'digest' in subject
        ? String(subject.digest)
        : ''

async function insteadOf(values: {
  readonly policy?: string | undefined
  readonly profile?: string | undefined
  readonly 'trusted-root'?: string | undefined
  readonly at?: string | undefined
}): Promise<Instead> {
  if (values.policy !== undefined && values.profile !== undefined) throw usage('Give --policy or --profile, not both.')
  const policy =
    values.policy !== undefined
      ? await policyFromFile(values.policy)
      : values.profile !== undefined
        ? named(values.profile)
        : undefined
  const at = values.at === undefined ? undefined : parseTime(values.at)
  if (values.at !== undefined && at === undefined)
    throw new Fault('request.at-malformed', { parameters: { found: values.at } })
  const root = values['trusted-root']
  return {
    ...(policy !== undefined && { policy }),
    ...(root !== undefined && { trust: rootOf(root) }),
    ...(at !== undefined && { at }),
  }
}

function named(name: string): LoadedPolicy {
  const profile = profileNamed(name)
  if (profile === undefined)
    throw new Fault('policy.unknown-profile', { parameters: { found: name, expected: profileNames.join(', ') } })
  return profile
}

function rootOf(file: string): ExaminedTrust {
  try {
    const bytes = readFileSync(file)
    return { digest: digestOf(bytes), bytes, name: basename(file) }
  } catch (cause) {
    throw new Fault('request.path-not-found', { parameters: { found: file }, cause })
  }
}
