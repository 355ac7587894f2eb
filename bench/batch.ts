import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signatureManifest, simpleSigning } from '../test/authority/cosign-legacy.ts'
import { asFiles, authority, policy, root } from './material.ts'
import { ratio } from './measure.ts'

/** A batch of 1,000 signed images at hand, offline, as one process; and a loop of cosign processes, where cosign is installed. */
export function batch(count = 1000): void {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-bench-'))
  try {
    writeFileSync(
      join(folder, 'requests.ndjson'),
      Array.from({ length: count }, (_, i) => JSON.stringify(request(i))).join('\n'),
    )
    const main = join(import.meta.dirname, '../bin/meshproof.mjs')
    const began = performance.now()
    const run = spawnSync(process.execPath, [main, 'verify', 'batch', join(folder, 'requests.ndjson')], {
      maxBuffer: 1 << 30,
    })
    const ours = (performance.now() - began) / count
    if (run.status !== 0)
      throw new Error(`verify batch ended with ${run.status}: ${run.stdout.toString().slice(0, 500)}`)
    console.log(
      `verify batch of ${count} signed images, offline: ${ours.toFixed(2)} ms an image, the process with its start included`,
    )
    const cosign = process.env['COSIGN'] ?? 'cosign'
    const each = cosignLoop(cosign, folder)
    if (each === undefined) console.log('  (no cosign here: set COSIGN to compare with a loop of its processes)')
    else
      console.log(
        `  a loop of cosign processes over bundles at hand: ${each.toFixed(1)} ms each, ${ratio(each, ours)} times as long`,
      )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function request(i: number): object {
  const digest = `sha256:${createHash('sha256').update(`image ${i}`).digest('hex')}`
  const signature = simpleSigning(authority, { digest, reference: 'docker.io/kong/kuma-cp' })
  const manifest = signatureManifest([signature])
  const bytes = (content: Uint8Array) => ({ base64: Buffer.from(content).toString('base64') })
  return {
    id: String(i),
    subject: { digest, name: 'docker.io/kong/kuma-cp:2.14.3' },
    given: [{ signatureManifest: bytes(manifest.bytes), payloads: [bytes(signature.payload)] }],
    policy: policy.policy,
    trust: { root: bytes(root) },
    offline: true,
  }
}

function cosignLoop(cosign: string, folder: string): number | undefined {
  if (spawnSync(cosign, ['version']).status !== 0) return undefined
  const { file, flags } = asFiles(folder, 'message')
  const loops = 20
  const began = performance.now()
  for (let i = 0; i < loops; i++) execFileSync(cosign, ['verify-blob', ...flags, file], { stdio: 'pipe' })
  return (performance.now() - began) / loops
}
