import { z } from 'zod'
import { readFlags, usage } from './flags.ts'
import type { ExitCode } from './problem.ts'
import { inService } from './service-command.ts'

const shape = z.object({ link: z.string() })

/** A new link for a browser: it signs in once, within the hour, and that it was made is recorded. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const { positionals } = readFlags(args, {})
  if (positionals.length > 0) throw usage('meshproof sign-in-link takes nothing more.')
  const { link } = shape.parse(await inService({ do: 'sign-in-link' }))
  process.stdout.write(`${link}\n`)
  return 0
}
