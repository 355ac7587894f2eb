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
import { readFlags, usage } from './flags.ts'
import { outputOptions } from './output.ts'
import { policyFromFile } from './policy-file.ts'
import { type ExitCode, exitOf, worstExit } from './problem.ts'

/** Judges a pack again, offline: to the same bytes, or under another policy, trusted root or date, and shows what differs. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, {
    policy: { type: 'string' },
    profile: { type: 'string' },
    'trusted-root': { type: 'string' },
    at: { type: 'string' },
    output: { type: 'string', short: 'o' },
    explain: { type: 'boolean' },
  })
  const [folder, second] = positionals
  if (folder === undefined || second !== undefined)
    throw usage('Which pack? meshproof replay PACK, or the digest of a stored verdict.')
  if (isDigest(folder)) {
    const otherwise = values.policy ?? values.profile ?? values['trusted-root'] ?? values.at
    if (otherwise !== undefined)
      throw usage('A stored verdict is asked otherwise through the API: POST /api/v1/verdicts/DIGEST/replays.')
    const { replayVerdict } = await import('./replay-stored.ts')
    return replayVerdict(folder, values.output === 'json')
  }
  const instead = await insteadOf(values)
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
    else lines.push(...differences(name, request.answer as VerdictAnswer, replayed.answer))
    changed ||= replayed.same === false
  }
  if (values.output !== 'json') {
    const { renderTable } = await import('./render/table.ts')
    const { renderTree } = await import('./render/tree.ts')
    const { printable } = await import('../core/printable.ts')
    const options = outputOptions(process.stdout)
    process.stdout.write(
      values.explain === true
        ? answers.map((answer) => `${renderTree(answer, options)}\n`).join('\n')
        : `${renderTable(answers, options)}\n`,
    )
    process.stdout.write(`\n${lines.map(printable).join('\n')}\n`)
  }
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

/** What differs, subject by subject: the outcome and the codes that decide. */
function differences(name: string, before: VerdictAnswer, after: VerdictAnswer): readonly string[] {
  const lines = after.subjects.flatMap((subject) => {
    const old = before.subjects.find((one) => JSON.stringify(one.subject) === JSON.stringify(subject.subject))
    const [was, now] = [old === undefined ? 'not judged' : summary(old), summary(subject)]
    const label = subject.platform ?? subject.role
    return was === now ? [] : [`${name} (${label}): was ${was}; is ${now}`]
  })
  return lines.length > 0 ? lines : [`${name}: the same outcomes.`]
}

function summary({ outcome, findings }: VerdictAnswer['subjects'][number]): string {
  const codes = findings
    .filter(
      ({ demand, candidate }) =>
        candidate === undefined && demand !== undefined && /^\/requirements\/\d+$/.test(demand),
    )
    .map(({ check, code }) => `${check} ${code}`)
  return `${outcome} (${codes.join(', ')})`
}
