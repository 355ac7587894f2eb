import { versions } from '../examine/versions.ts'
import type { ExitCode } from './problem.ts'

export function print(): ExitCode {
  const { meshproof, ...rest } = versions()
  process.stdout.write(
    `meshproof ${meshproof}\n${Object.entries(rest)
      .map(([name, version]) => `  ${name} ${version}`)
      .join('\n')}\n`,
  )
  return 0
}
