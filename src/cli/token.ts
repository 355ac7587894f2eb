import { z } from 'zod'
import { printable } from '../core/printable.ts'
import * as shapes from '../server/api/shapes.ts'
import { type Scope, scopes } from '../server/auth/permission.ts'
import { readFlags, usage } from './flags.ts'
import type { ExitCode } from './problem.ts'
import { inService } from './service-command.ts'

/** What a CI job needs: to ask, and to read what came of it. */
const usual: readonly Scope[] = ['verifications:read', 'verifications:write', 'evidence:read']

/** Makes a token and prints it, alone, so that a script can take it. */
export async function create(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, {
    scope: { type: 'string', multiple: true },
    days: { type: 'string' },
  })
  const [name, second] = positionals
  if (name === undefined || second !== undefined) throw usage('Which name? meshproof token create NAME.')
  const wanted = shapes.tokenRequest.safeParse({
    name,
    scopes: values.scope ?? usual,
    ...(values.days !== undefined && { days: Number(values.days) }),
  })
  if (!wanted.success)
    throw usage(
      `${wanted.error.issues[0]?.path.join(' ') ?? ''}: ${wanted.error.issues[0]?.message ?? ''}. Scopes: ${scopes.join(', ')}.`,
    )
  const made = shapes.newToken.parse(await inService({ do: 'token create', ...wanted.data }))
  process.stderr.write(`token ${made.id}, until ${made.expiresAt}; shown this once:\n`)
  process.stdout.write(`${made.token}\n`)
  return 0
}

export async function list(args: readonly string[]): Promise<ExitCode> {
  const { values } = readFlags(args, { output: { type: 'string', short: 'o' } })
  const { tokens } = shapes.tokenList.parse(await inService({ do: 'token list' }))
  if (values.output === 'json') {
    for (const token of tokens) process.stdout.write(`${JSON.stringify(token)}\n`)
    return 0
  }
  for (const { id, name, scopes: own, expiresAt, lastUsedAt, revokedAt } of tokens) {
    const state =
      revokedAt !== undefined ? `revoked ${revokedAt}` : `until ${expiresAt}, last used ${lastUsedAt ?? 'never'}`
    process.stdout.write(`${id}  ${printable(name)}  ${own.join(' ')}  ${state}\n`)
  }
  return 0
}

export async function revoke(args: readonly string[]): Promise<ExitCode> {
  const { positionals } = readFlags(args, {})
  const [id, second] = positionals
  const read = shapes.idShape.safeParse(id)
  if (!read.success || second !== undefined)
    throw usage('Which token? meshproof token revoke ID; meshproof token list shows them.')
  z.object({}).parse(await inService({ do: 'token revoke', id: read.data }))
  process.stdout.write(`revoked ${read.data}\n`)
  return 0
}
