import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleFromJSON } from '@sigstore/bundle'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify'
import { generatorCertificate, provenance } from '../test/authority/provenance.ts'
import { authority, root } from './material.ts'
import { ratio } from './measure.ts'

const generator =
  'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml'
const source = 'github.com/Kong/kong-mesh'
const tag = '2.14.3'

/**
 * Provenance bundles with their artifacts at hand: one `verify batch`, a loop of slsa-verifier processes where SLSA_VERIFIER
 * names one, and `@sigstore/verify` alone in a warm process, which reads no claim and hashes no file.
 */
export function builds(count = 1000): void {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-bench-'))
  try {
    const bundles = Array.from({ length: count }, (_, i) => build(folder, i))
    writeFileSync(join(folder, 'root.json'), root)
    writeFileSync(join(folder, 'requests.ndjson'), bundles.map((_, i) => JSON.stringify(request(i))).join('\n'))
    const main = join(import.meta.dirname, '../bin/meshproof.mjs')
    const whole = timed(process.execPath, [main, 'verify', 'batch', join(folder, 'requests.ndjson')])
    if (typeof whole === 'string') throw new Error(`verify batch: ${whole}`)
    const ours = { cpu: whole.cpu / count, clock: whole.clock / count }
    report(`verify batch of ${count} provenance bundles, start included`, ours)
    report('  @sigstore/verify alone, without claims', libraryAlone(bundles), ours)
    const loop = slsaVerifierLoop(folder)
    if (typeof loop === 'string') console.log(`  (${loop})`)
    else report('  a loop of slsa-verifier processes', loop, ours)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Milliseconds: of the processors, and by the clock. */
type Times = { readonly cpu: number; readonly clock: number }

const report = (what: string, each: Times, than?: Times): void => {
  const times = (a: number, b: number | undefined) => (b === undefined ? '' : ` (${ratio(a, b)} times as much)`)
  const { cpu, clock } = each
  console.log(
    `${what}: ${clock.toFixed(2)} ms each by the clock${times(clock, than?.clock)}, ${cpu.toFixed(2)} ms of processor time${times(cpu, than?.cpu)}`,
  )
}

/** Of a process and its threads, as the shell counts it; what it said where it did not end well. */
function timed(program: string, args: readonly string[], env = process.env): Times | string {
  const command = 'TIMEFORMAT="times %3R %3U %3S"; time "$0" "$@" > /dev/null'
  const { status, stderr } = spawnSync('bash', ['-c', command, program, ...args], { env, encoding: 'utf8' })
  const [, real, user, system] = /times ([\d.]+) ([\d.]+) ([\d.]+)\s*$/.exec(stderr) ?? []
  if (status !== 0) return stderr.trim().split('\n')[0] ?? ''
  return { cpu: (Number(user) + Number(system)) * 1000, clock: Number(real) * 1000 }
}

/** An artifact and its bundle, as files; the bundle. */
function build(folder: string, i: number): string {
  const artifact = `artifact ${i}\n`
  const sha256 = createHash('sha256').update(artifact).digest('hex')
  const options = { generator: 'generic', subjects: [{ name: `artifact-${i}`, digest: { sha256 } }] } as const
  const signed = authority.sign({ payload: provenance(options), github: generatorCertificate(options) })
  const bundle = JSON.stringify(signed.bundle)
  writeFileSync(join(folder, `artifact-${i}`), artifact)
  writeFileSync(join(folder, `${i}.intoto.jsonl`), bundle)
  return bundle
}

const request = (i: number): object => ({
  id: String(i),
  subject: { file: `artifact-${i}` },
  given: [{ bundle: { path: `${i}.intoto.jsonl` } }],
  policy: {
    schema: 'urn:meshproof:policy:v1',
    name: 'bench',
    requirements: [
      {
        id: 'bench',
        candidate: 'attestation',
        signer: { builder: generator },
        provenance: { source: { uri: source, tag } },
      },
    ],
  },
  trust: { root: { path: 'root.json' } },
  offline: true,
})

function libraryAlone(bundles: readonly string[]): Times {
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(root.toString()))))
  const verify = (bundle: string) => verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(bundle))))
  for (const bundle of bundles.slice(0, 100)) verify(bundle)
  const [before, began] = [process.cpuUsage(), performance.now()]
  for (const bundle of bundles) verify(bundle)
  const clock = (performance.now() - began) / bundles.length
  const { user, system } = process.cpuUsage(before)
  return { cpu: (user + system) / 1000 / bundles.length, clock }
}

function slsaVerifierLoop(folder: string, loops = 20): Times | string {
  const program = process.env['SLSA_VERIFIER']
  if (program === undefined) return 'set SLSA_VERIFIER to compare with a loop of its processes'
  // It has no flag for a trusted root; one that was built to read it from here is compared.
  const env = { ...process.env, TRUSTED_ROOT: join(folder, 'root.json') }
  const sum = { cpu: 0, clock: 0 }
  for (let i = 0; i < loops; i++) {
    const args = ['verify-artifact', '--provenance-path', join(folder, `${i}.intoto.jsonl`), '--source-uri', source]
    const one = timed(program, [...args, '--source-tag', tag, join(folder, `artifact-${i}`)], env)
    if (typeof one === 'string') return `${program} does not verify here: ${one}`
    sum.cpu += one.cpu / loops
    sum.clock += one.clock / loops
  }
  return sum
}
