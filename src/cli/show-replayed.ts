import type { Answer } from '../core/request.ts'
import { outputOptions } from './output.ts'

/** For people: the answers of now, then what became of those of then. */
export async function showReplayed(
  answers: readonly Answer[],
  lines: readonly string[],
  explain: boolean,
): Promise<void> {
  const { renderTable } = await import('./render/table.ts')
  const { renderTree } = await import('./render/tree.ts')
  const { printable } = await import('../core/printable.ts')
  const options = outputOptions(process.stdout)
  process.stdout.write(
    explain
      ? answers.map((answer) => `${renderTree(answer, options)}\n`).join('\n')
      : `${renderTable(answers, options)}\n`,
  )
  process.stdout.write(`\n${lines.map(printable).join('\n')}\n`)
}
