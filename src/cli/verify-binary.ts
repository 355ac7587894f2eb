import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { archiveVersionOf } from '../core/archive-name.ts'
import { isDigest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import type { Given, Request } from '../core/request.ts'
import { readSecurityAssets } from '../evidence/archive/security-assets.ts'
import { hashPool } from '../evidence/given/hash-pool.ts'
import { readingOnce } from '../evidence/given/pieces.ts'
import { emitFlags, takeEmitter } from './emit-flags.ts'
import { judgingFlags, readFlags, takeExplain, usage } from './flags.ts'
import { givenOf } from './given-of.ts'
import { type PrintFlags, printing } from './print-provenance.ts'
import type { ExitCode } from './problem.ts'
import { hashProgress } from './progress.ts'
import { policyOfAllFlags, type SlsaFlags, slsaFlags } from './slsa-flags.ts'
import { type Extras, verifyTasks } from './verify.ts'

/** Flags that bring provenance of files along and say what it must be. */
export const provenanceFlags = {
  ...judgingFlags,
  ...slsaFlags,
  provenance: { type: 'string', multiple: true },
  'provenance-path': { type: 'string', multiple: true },
  'security-assets': { type: 'string', multiple: true },
  'print-provenance': { type: 'boolean' },
} as const

const signingKey = { type: 'string', multiple: true } as const

type ProvenanceFlags = SlsaFlags & {
  readonly policy?: string | undefined
  readonly profile?: string | undefined
  readonly given?: readonly string[] | undefined
  readonly provenance?: readonly string[] | undefined
  readonly 'provenance-path'?: readonly string[] | undefined
  readonly 'security-assets'?: readonly string[] | undefined
  readonly 'trusted-root'?: string | undefined
  readonly at?: string | undefined
  readonly offline?: boolean | undefined
  readonly output?: string | undefined
  readonly 'print-provenance'?: boolean | undefined
}

/** `verify binary FILE… --provenance F`: where files were built, by their provenance; many at a time. */
export async function run(given: readonly string[]): Promise<ExitCode> {
  const { args, cosign } = takeExplain(given)
  const { values, positionals } = readFlags(args, { ...provenanceFlags, ...emitFlags, key: signingKey })
  if (positionals.length === 0)
    throw usage(
      'Which files? meshproof verify binary FILE… --provenance FILE, or NAME=sha256:DIGEST for one elsewhere.',
    )
  const { flags, emit } = await takeEmitter(values, positionals.length, false)
  if (flags.key !== undefined)
    throw usage(
      'Provenance is signed by a builder: --key names only what signs, with --emit-vsa. A policy can ask for keys.',
    )
  const requests = await requestsFor(positionals, values)
  return withHashing(values, async (extras) =>
    verifyTasks(() => requests.map((request) => ({ request, typed: [] })), values, cosign, {
      ...extras,
      ...(emit && { emit }),
    }),
  )
}

/** One request a file, all with the same evidence and the same policy. */
export async function requestsFor(files: readonly string[], flags: ProvenanceFlags): Promise<readonly Request[]> {
  const evidence: readonly Given[] = [
    ...[...(flags.provenance ?? []), ...(flags['provenance-path'] ?? [])].map(
      (from): Given => (isAddress(from) ? { bundle: { url: from } } : { bundle: { path: from } }),
    ),
    ...(flags['security-assets'] ?? []).map(
      (from): Given => (isAddress(from) ? { securityAssets: { url: from } } : { securityAssets: from }),
    ),
    ...(flags.given ?? []).map(givenOf),
  ]
  if (evidence.length === 0) throw notGiven(files[0] ?? '')
  const policy = await policyOfAllFlags(flags)
  return files.map((file) => ({
    id: file,
    subject: artifactOf(file),
    given: [...evidence],
    policy,
    ...(flags['trusted-root'] !== undefined && { trust: { root: { path: flags['trusted-root'] } } }),
    ...(flags.at !== undefined && { at: flags.at }),
    ...(flags.offline === true && { offline: true }),
  }))
}

/** `NAME=sha256:DIGEST` and a bare digest stand for files that are not at hand; what there is on disk is meant first. */
export function artifactOf(file: string): Request['subject'] {
  if (existsSync(file)) return { file }
  if (isAddress(file)) return { url: file }
  if (isDigest(file)) return { digest: file }
  const at = file.lastIndexOf('=')
  const digest = file.slice(at + 1)
  return at > 0 && isDigest(digest) ? { digest, name: basename(file.slice(0, at)) } : { file }
}

const isAddress = (text: string): boolean => /^https?:\/\//.test(text)

/** Nothing in an archive says where its provenance is: the person is told where Kong keeps it. */
function notGiven(file: string): Fault {
  const name = basename(file.replace(/=sha256:[0-9a-f]{64}$/, ''))
  const version = archiveVersionOf(name)
  const repository = `kong-mesh-binaries-${version?.includes('-preview') === true ? 'preview' : 'release'}`
  const place = `public/${repository}/raw/names/security-assets/versions/${version}/security-assets.tar.gz`
  const where =
    version === undefined
      ? 'Builders of slsa-github-generator publish it beside the files, as NAME.intoto.jsonl.'
      : `Kong publishes it in security-assets.tar.gz of the same version: ${place} on its package server (Cloudsmith).`
  return new Fault('provenance.not-given', { parameters: { found: name, where } })
}

/** Threads that hash, a bar that shows it, and an archive of assets that is read once however many files are verified by it. */
export async function withHashing(flags: PrintFlags, verify: (extras: Extras) => Promise<ExitCode>): Promise<ExitCode> {
  const print = printing(flags)
  const bar = hashProgress(process.stderr)
  const pool = hashPool(bar.told)
  try {
    return await verify({
      width: 2 * availableParallelism(),
      hash: pool.hash,
      readAssets: readingOnce(readSecurityAssets),
      before: async () => bar.end(),
      ...print,
    })
  } finally {
    bar.end()
    await pool.close()
  }
}
