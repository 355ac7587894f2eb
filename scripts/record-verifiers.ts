/**
 * Makes `test/fixtures/summary/`: summaries that meshproof signed, and what real verifiers said of them. Run once, by hand;
 * what it writes is committed. The keys are gone when it ends.
 *
 *   SLSA_VERIFIER=slsa-verifier COSIGN2=cosign2 COSIGN3=cosign3 node scripts/record-verifiers.ts
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestOf } from '../src/core/digest.ts'
import { createAuthority } from '../test/authority/authority.ts'
import { newKey } from '../test/authority/keys.ts'
import { generatorCertificate, provenance } from '../test/authority/provenance.ts'
import { meshproof } from '../test/cli/process.ts'
import { clean, summaries, type Tool, tools } from '../test/cli/recorded.ts'

const content = 'what was verified\n'
const authority = createAuthority()
const [key, stranger] = [newKey(), newKey()]
const room = mkdtempSync(join(tmpdir(), 'meshproof-record-'))
const at = (name: string): string => join(room, name)
const keep = (name: string, text: string): void => writeFileSync(join(summaries, name), text)

keep('app', content)
keep('verifier.pub', key.pem)
keep('stranger.pub', stranger.pem)
writeFileSync(at('verifier.key'), key.privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
writeFileSync(at('root.json'), JSON.stringify(authority.trustedRoot()))

const options = {
  generator: 'generic',
  subjects: [{ name: 'app', digest: { sha256: digestOf(content).slice('sha256:'.length) } }],
} as const
const built = authority.sign({ payload: provenance(options), github: generatorCertificate(options) }).bundle
writeFileSync(at('provenance.json'), JSON.stringify(built))
const own = newKey()
writeFileSync(at('own.pub'), own.pem)
const signed = authority.sign({ message: content, signer: own, log: 'none', timestamp: false }).bundle
writeFileSync(at('own.json'), JSON.stringify(signed))

const app = join(summaries, 'app')
const byBuilder = (repository: string) => [
  ...['verify', 'binary', app, '--provenance', at('provenance.json'), '--source-uri', `github.com/Kong/${repository}`],
  ...['--trusted-root', at('root.json'), '--at', '2026-01-15T13:00:00Z', '--offline'],
]
const byKey = ['verify', 'bundle', app, '--bundle', at('own.json'), '--key', at('own.pub'), '--insecure-ignore-tlog']
const emitted = [
  ['level-3', byBuilder('kong-mesh')],
  ['failed', byBuilder('another')],
  ['unevaluated', byKey],
] as const
for (const [name, args] of emitted)
  for (const form of ['envelope', 'bundle']) {
    const file = join(summaries, form === 'bundle' ? `${name}.sigstore.json` : `${name}.json`)
    rmSync(file, { force: true })
    rmSync(file.replace(/\.json$/, '.svr.json'), { force: true })
    const { stderr } = await meshproof([
      ...[...args, '--emit-vsa', file, '--emit-as', form, '--signing-key', at('verifier.key')],
      ...['--verifier-id', 'https://verifier.example/v1', '--resource-uri', 'https://downloads.example/app'],
    ])
    if (!stderr.includes('Signed')) throw new Error(stderr)
  }

const digest = digestOf(content)
const good: Record<string, string> = {
  'subject-digest': digest,
  'attestation-path': 'level-3.json',
  'verifier-id': 'https://verifier.example/v1',
  'resource-uri': 'https://downloads.example/app',
  'verified-level': 'SLSA_BUILD_LEVEL_3',
  'public-key-path': 'verifier.pub',
}
const slsa = (changes: Record<string, string> = {}) => [
  'verify-vsa',
  ...Object.entries({ ...good, ...changes }).flatMap(([name, value]) => [`--${name}`, value]),
]
const unevaluated = 'SLSA_BUILD_LEVEL_UNEVALUATED'
const summaryType = 'https://slsa.dev/verification_summary/v1'
const blob = (as: 'bundle' | 'signature', file: string, by = 'verifier.pub', of = 'app', type = summaryType) => [
  ...['verify-blob-attestation', `--${as}`, file, '--key', by, '--insecure-ignore-tlog', '--type', type, of],
]
const resultType = 'https://in-toto.io/attestation/svr/v0.2'
const rows: readonly (readonly [Tool, string, readonly string[]])[] = [
  ['slsa-verifier', 'as it was issued', slsa()],
  ['slsa-verifier', 'a lower level is enough', slsa({ 'verified-level': 'SLSA_BUILD_LEVEL_1' })],
  ['slsa-verifier', 'of another verifier', slsa({ 'verifier-id': 'https://verifier.example/v2' })],
  ['slsa-verifier', 'of another resource', slsa({ 'resource-uri': 'https://downloads.example/other' })],
  ['slsa-verifier', 'of too low a level', slsa({ 'verified-level': 'SLSA_BUILD_LEVEL_4' })],
  ['slsa-verifier', 'of another artifact', slsa({ 'subject-digest': digestOf('another') })],
  ['slsa-verifier', 'by another key', slsa({ 'public-key-path': 'stranger.pub' })],
  ['slsa-verifier', 'that did not pass', slsa({ 'attestation-path': 'failed.json' })],
  ['slsa-verifier', 'without a claim', slsa({ 'attestation-path': 'unevaluated.json', 'verified-level': unevaluated })],
  ['cosign3', 'the bundle of the summary', blob('bundle', 'level-3.sigstore.json')],
  [
    'cosign3',
    'the bundle of the result',
    blob('bundle', 'level-3.sigstore.svr.json', undefined, undefined, resultType),
  ],
  ['cosign3', 'without a claim', blob('bundle', 'unevaluated.sigstore.json')],
  ['cosign3', 'by another key', blob('bundle', 'level-3.sigstore.json', 'stranger.pub')],
  ['cosign3', 'of another artifact', blob('bundle', 'level-3.sigstore.json', undefined, 'verifier.pub')],
  ['cosign2', 'the envelope of the summary', blob('signature', 'level-3.json')],
  ['cosign2', 'the envelope by another key', blob('signature', 'level-3.json', 'stranger.pub')],
]

const recorded = rows.map(([tool, what, args]) => {
  const { program, version } = tools[tool]
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: summaries, encoding: 'utf8', env: clean(room) })
  return { tool, version: version(), what, args, exit: status, said: lastLine(`${stdout}${stderr}`) }
})
keep('recorded.json', `${JSON.stringify(recorded, undefined, 2)}\n`)
rmSync(room, { recursive: true })

/** What it said in the end; the rest are warnings, and art. */
function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.find((line) => /^(?:FAILED|Verifying|Error:|Verified)/.test(line)) ?? lines.at(-1) ?? ''
}
