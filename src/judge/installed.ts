import { type ArchiveMembers, readMembers } from '../core/archive-members.ts'
import type { Finding } from '../core/finding.ts'
import type { Limits } from '../core/limits.ts'
import type { InstalledProgram, Policy } from '../core/policy.ts'
import type { Inputs, InstalledFile } from '../core/verdict.ts'
import type { EvidenceView } from './evidence-view.ts'
import { note } from './note.ts'

/**
 * SC-11: each program on disk against the member of the archive that has its name. Says nothing of the archive itself:
 * whether that is what was built, the requirements say.
 */
export function installedFindings(
  policy: Policy,
  inputs: Inputs,
  view: EvidenceView,
  limits: Limits,
): readonly Finding[] {
  const { installed } = policy
  if (installed === undefined) return []
  const files = inputs.asked.installed
  const listed = files === undefined ? undefined : membersOf(inputs, view, limits)
  const oddities = listed !== undefined && 'oddities' in listed ? listed.oddities : []
  return [
    ...installed.flatMap((one, i) => {
      const say = (outcome: Finding['outcome'], code: Finding['code'], more: Partial<Finding> = {}): Finding =>
        note(inputs, { check: one.id, code, outcome, demand: `/installed/${i}`, ...more })
      if (files === undefined) return [say('not-applicable', 'demand.not-evaluated')]
      if (files.length === 0) return [say('error', 'install.nothing-found', { expected: one.program })]
      if (listed === undefined || 'failed' in listed)
        return [say('error', listed?.failed ?? 'evidence.missing', whereAsked)]
      const mine = files.filter(({ program }) => program === one.program)
      return mine.length === 0
        ? [say('not-applicable', 'install.not-installed', { expected: one.program })]
        : mine.map((file) => compare(file, one, listed, say))
    }),
    ...oddities.map(({ code, found }) => note(inputs, { check: 'archive', code, found })), // T65
  ]
}

const question = { ask: 'given', kind: 'members' } as const
const whereAsked: Partial<Finding> = { found: 'the archive', where: { in: 'question', question } }

type Listed = ArchiveMembers | { readonly failed: Finding['code'] }

function membersOf(inputs: Inputs, view: EvidenceView, limits: Limits): Listed | undefined {
  const { members } = view
  if (members === undefined || 'absent' in members) return undefined
  if ('failed' in members) return { failed: members.failed }
  const list = readMembers(view.bytes(members.found) ?? Buffer.alloc(0), limits.jsonDepth)
  // A list of another archive is no list of this one.
  return list?.archive === inputs.subject ? list : undefined
}

function compare(
  { at, digest }: InstalledFile,
  { program }: InstalledProgram,
  { members, oddities }: ArchiveMembers,
  say: (outcome: Finding['outcome'], code: Finding['code'], more: Partial<Finding>) => Finding,
): Finding {
  const found = `${at} (${digest})`
  const odd = oddities.find((one) => lastOf(one.found) === program)
  if (odd !== undefined) return say('error', odd.code, { found: odd.found })
  const named = members.filter(({ name }) => lastOf(name) === program)
  const inBin = named.filter(({ name }) => name.endsWith(`bin/${program}`))
  const [member, second] = inBin.length > 0 ? inBin : named
  if (member === undefined)
    return say('fail', 'install.not-in-archive', { basis: 'measured', expected: program, found })
  if (second !== undefined && second.digest !== member.digest)
    return say('error', 'install.member-ambiguous', { expected: program, found: `${member.name}, ${second.name}` })
  return member.digest === digest
    ? say('pass', 'install.equal', { basis: 'measured', expected: member.name, found })
    : say('fail', 'install.differs', { basis: 'measured', expected: `${member.name} (${member.digest})`, found })
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
