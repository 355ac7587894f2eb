import { basename } from 'node:path'
import { isDigest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import type { Given, Request } from '../core/request.ts'
import { judgingFlags, readFlags, takeExplain, usage } from './flags.ts'
import { givenOf } from './given-of.ts'
import { policyOfFlags } from './policy-of.ts'
import type { ExitCode } from './problem.ts'
import { policyOfSummaryFlags, summaryFlags } from './summary-flags.ts'
import { verifyTasks } from './verify.ts'
import { artifactOf, withHashing } from './verify-binary.ts'

/** `verify vsa FILE|DIGEST --attestation-path F`: what another verifier says of it. */
export async function run(given: readonly string[]): Promise<ExitCode> {
  const { args, cosign } = takeExplain(given)
  const { values, positionals } = readFlags(args, {
    ...judgingFlags,
    ...summaryFlags,
    'attestation-path': { type: 'string', multiple: true },
    vsa: { type: 'string', multiple: true },
    'subject-digest': { type: 'string', multiple: true },
    'print-attestation': { type: 'boolean' },
  })
  const artifacts = [...positionals, ...(values['subject-digest'] ?? []).map(digestOfFlag)]
  const [first] = artifacts
  if (first === undefined)
    throw usage(
      'Of which artifact? meshproof verify vsa FILE --attestation-path FILE, or --subject-digest sha256:DIGEST.',
    )
  const evidence: readonly Given[] = [
    ...[...(values.vsa ?? []), ...(values['attestation-path'] ?? [])].map((path) => ({ bundle: { path } })),
    ...(values.given ?? []).map(givenOf),
  ]
  if (evidence.length === 0) throw new Fault('vsa.not-given', { parameters: { found: basename(first) } })
  const own = policyOfSummaryFlags(values)
  if (own !== undefined && (values.policy ?? values.profile) !== undefined)
    throw usage('Give --policy or --profile, or flags that say what is demanded, not both.')
  if ((own ?? values.policy ?? values.profile) === undefined)
    throw usage('What is demanded? Give --verifier-id, --resource-uri and --key, or --policy FILE.')
  const policy = (own ?? (await policyOfFlags(values))) as Request['policy']
  const requests = artifacts.map(
    (artifact): Request => ({
      id: artifact,
      subject: artifactOf(artifact),
      given: [...evidence],
      policy,
      ...(values['trusted-root'] !== undefined && { trust: { root: { path: values['trusted-root'] } } }),
      ...(values.at !== undefined && { at: values.at }),
      ...(values.offline === true && { offline: true }),
    }),
  )
  return withHashing(values, async (extras) =>
    verifyTasks(() => requests.map((request) => ({ request, typed: [] })), values, cosign, extras),
  )
}

/** slsa-verifier takes any word before the colon; what is no SHA-256 shows nothing about bytes (T48). */
function digestOfFlag(text: string): string {
  if (isDigest(text)) return text
  throw usage(
    `--subject-digest takes sha256: and 64 lower-case hex digits, not ${text}. Give the file itself, or its SHA-256.`,
  )
}
