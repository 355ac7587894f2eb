import { basename } from 'node:path'
import { describe } from '../examine/policy-text.ts'
import { policyWarnings } from '../policy/read.ts'
import { readFlags, usage } from './flags.ts'
import { readPolicyFile } from './policy-file.ts'
import type { ExitCode } from './problem.ts'

const mostProblems = 20

/** Reads a policy and names line and column of what is wrong with it, and of what may not mean what its author thinks. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const { positionals } = readFlags(args, {})
  if (positionals.length === 0) throw usage('Which policy? meshproof policy check FILE.')
  let code: ExitCode = 0
  for (const file of positionals) {
    const read = await readPolicyFile(file)
    if ('problems' in read) {
      code = 2
      const lines = [...new Set(read.problems.map((problem) => describe(basename(file), problem)))]
      for (const line of lines.slice(0, mostProblems)) process.stderr.write(`${line}\n`)
      if (lines.length > mostProblems) process.stderr.write(`… and ${lines.length - mostProblems} more\n`)
      continue
    }
    const { policy, sealed } = read.loaded
    for (const warning of policyWarnings(policy))
      process.stderr.write(`${describe(basename(file), { ...warning, ...read.locate(warning.pointer) })} (warning)\n`)
    process.stdout.write(
      `${file}: policy ${policy.name}, ${policy.requirements.length} ${policy.requirements.length === 1 ? 'requirement' : 'requirements'}, ${sealed.digest}\n`,
    )
  }
  return code
}
