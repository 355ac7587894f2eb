import { loadConfig } from '../examine/config.ts'
import { readFlags } from './flags.ts'
import type { ExitCode } from './problem.ts'

/** Each setting with its value and where that came from. Addresses are shown without their passwords. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const { values } = readFlags(args, { output: { type: 'string', short: 'o' } })
  const { settings } = loadConfig(process.env)
  if (values.output === 'json') {
    process.stdout.write(
      `${JSON.stringify(settings.map(({ value, ...rest }) => ({ ...rest, value: value ?? null })))}\n`,
    )
    return 0
  }
  const width = Math.max(...settings.map(({ key }) => key.length))
  for (const { key, value, from, env } of settings)
    process.stdout.write(
      `${key.padEnd(width)}  ${value === undefined ? '-' : JSON.stringify(value)}  (${from}; ${env})\n`,
    )
  return 0
}
