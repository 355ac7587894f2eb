import { execFileSync, spawnSync } from 'node:child_process'
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
    const began = performance.now()
    const run = spawnSync(process.execPath, [main, 'verify', 'batch', join(folder, 'requests.ndjson')], {
      maxBuffer: 1 << 30,
    })
    const ours = (performance.now() - began) / count
    if (run.status !== 0)
      throw new Error(`verify batch ended with ${run.status}: ${run.stdout.toString().slice(0, 500)}`)
    console.log(
      `verify batch of ${count} provenance bundles: ${ours.toFixed(2)} ms each, the process with its start included`,
    )
    const library = libraryAlone(bundles)
    console.log(
      `  @sigstore/verify alone, without claims: ${library.toFixed(2)} ms each, ${ratio(library, ours)} times as long`,
    )
    const each = slsaVerifierLoop(folder)
    if (typeof each === 'string') console.log(`  (${each})`)
    else
      console.log(`  a loop of slsa-verifier processes: ${each.toFixed(1)} ms each, ${ratio(each, ours)} times as long`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
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

function libraryAlone(bundles: readonly string[]): number {
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(root.toString()))))
  const verify = (bundle: string) => verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(bundle))))
  for (const bundle of bundles.slice(0, 100)) verify(bundle)
  const began = performance.now()
  for (const bundle of bundles) verify(bundle)
  return (performance.now() - began) / bundles.length
}

function slsaVerifierLoop(folder: string): number | string {
  const program = process.env['SLSA_VERIFIER']
  if (program === undefined) return 'set SLSA_VERIFIER to compare with a loop of its processes'
  const args = (i: number) => [
    ...['verify-artifact', '--provenance-path', join(folder, `${i}.intoto.jsonl`)],
    ...['--source-uri', source, '--source-tag', tag, join(folder, `artifact-${i}`)],
  ]
  // It has no flag for a trusted root; one that was built to read it from here is compared all the same.
  const env = { ...process.env, TRUSTED_ROOT: join(folder, 'root.json') }
  const first = spawnSync(program, args(0), { env, encoding: 'utf8' })
  if (first.status !== 0) return `${program} does not verify here: ${first.stderr.trim().split('\n')[0]}`
  const loops = 20
  const began = performance.now()
  for (let i = 0; i < loops; i++) execFileSync(program, args(i), { env, stdio: 'pipe' })
  return (performance.now() - began) / loops
}
