import { isDigest } from '../core/digest.ts'
import type { Request } from '../core/request.ts'
import { emitFlags, takeEmitter } from './emit-flags.ts'
import { commonFlags, readFlags, takeExplain, usage } from './flags.ts'
import { givenOf } from './given-of.ts'
import { policyOfFlags } from './policy-of.ts'
import type { ExitCode } from './problem.ts'
import { verifyTasks } from './verify.ts'

/** `verify bundle --bundle F FILE|sha256:…`: a Sigstore bundle over a file of any size, or over a bare digest. */
export async function run(given: readonly string[]): Promise<ExitCode> {
  const { args, cosign } = takeExplain(given)
  const { values, positionals } = readFlags(args, {
    ...commonFlags,
    ...emitFlags,
    bundle: { type: 'string', multiple: true },
    name: { type: 'string' },
  })
  const [artifact, second] = positionals
  const bundles = values.bundle ?? []
  if (artifact === undefined || second !== undefined)
    throw usage('Name one file or one digest: meshproof verify bundle --bundle F FILE.')
  if (bundles.length === 0 && values.given === undefined) throw usage('Which bundle? Give it with --bundle F.')
  const { flags, emit } = await takeEmitter(values, 1, false)
  const request: Request = {
    id: artifact,
    subject: isDigest(artifact)
      ? { digest: artifact, ...(values.name !== undefined && { name: values.name }) }
      : { file: artifact },
    given: [...bundles.map((path) => ({ bundle: { path } })), ...(values.given ?? []).map(givenOf)],
    policy: (await policyOfFlags(flags)) as Request['policy'],
    ...(values['trusted-root'] !== undefined && { trust: { root: { path: values['trusted-root'] } } }),
    ...(values.at !== undefined && { at: values.at }),
    ...(values.offline === true && { offline: true }),
  }
  return verifyTasks(() => [{ request, typed: [] }], values, cosign, emit && { emit })
}
