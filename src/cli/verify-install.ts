import { readFlags, takeExplain, usage } from './flags.ts'
import type { ExitCode } from './problem.ts'
import { verifyTasks } from './verify.ts'
import { provenanceFlags, requestsFor, withHashing } from './verify-binary.ts'

/** `verify install DIR|FILE --archive A`: the archive by its provenance, and what is installed by the archive. */
export async function run(given: readonly string[]): Promise<ExitCode> {
  const { args, cosign } = takeExplain(given)
  const { values, positionals } = readFlags(args, { ...provenanceFlags, archive: { type: 'string' } })
  const [installed, second] = positionals
  const { archive } = values
  if (installed === undefined || second !== undefined)
    throw usage('Which installation? Name one folder or one program: meshproof verify install DIR --archive FILE.')
  if (archive === undefined) throw usage('Which archive was it installed from? Give it with --archive FILE.')
  const requests = await requestsFor([archive], values)
  const tasks = requests.map((request) => ({ request: { ...request, id: installed, installed }, typed: [] }))
  return withHashing(values, (extras) => verifyTasks(() => tasks, values, cosign, extras))
}
