/** Real verifiers, here and now, over summaries that meshproof signed: SLSA_VERIFIER, COSIGN2 and COSIGN3 name them. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/core/digest.ts'
import { createAuthority } from '../authority/authority.ts'
import { statement } from '../authority/cosign-bundle.ts'
import { newKey } from '../authority/keys.ts'
import { meshproof, scratch } from '../cli/process.ts'
import { clean, type Recorded, summaries, tools } from '../cli/recorded.ts'

const room = scratch()
afterAll(() => room.remove())
const rows = JSON.parse(readFileSync(join(summaries, 'recorded.json'), 'utf8')) as readonly Recorded[]

for (const [name, { program, isThere }] of Object.entries(tools)) {
  const there = isThere()
  if (!there) console.warn(`${name} skipped: it is not installed`)
  const run = (args: readonly string[], cwd: string) =>
    spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 60_000, env: clean(room.path) })

  describe.skipIf(!there)(name, () => {
    test.for(rows.filter(({ tool }) => tool === name))('says what was recorded: $what', ({ args, exit }) => {
      const { status, stderr } = run(args, summaries)
      expect(status, stderr).toBe(exit)
    })

    // Of P-384, cosign expects SHA-256 and slsa-verifier SHA-384, so no signature suits both.
    test.skipIf(name === 'slsa-verifier').for(['p256', 'rsa3072'] as const)('a fresh summary, by %s', async (kind) => {
      const [key, artifactKey] = [newKey(kind), newKey()]
      const write = (file: string, text: string): string => {
        writeFileSync(join(room.path, file), text, { mode: 0o600 })
        return join(room.path, file)
      }
      const app = write('app', kind)
      const { bundle } = createAuthority().sign({
        payload: statement({ digest: digestOf(kind), predicateType: 'https://example.org/v1' }),
        signer: artifactKey,
        log: 'none',
        timestamp: false,
      })
      const out = join(room.path, `${name}-${kind}.json`)
      const signed = await meshproof([
        ...['verify', 'bundle', app, '--bundle', write('app.json', JSON.stringify(bundle)), '--insecure-ignore-tlog'],
        ...['--key', write('app.pub', artifactKey.pem), '--resource-uri', 'https://downloads.example/app'],
        ...['--emit-vsa', out, '--emit-as', name === 'cosign2' ? 'envelope' : 'bundle', '--signing-key'],
        write('own.key', key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
      ])
      expect(signed.code, signed.stderr).toBe(0)
      const type = ['--insecure-ignore-tlog', '--type', 'https://slsa.dev/verification_summary/v1', app]
      const as = name === 'cosign2' ? '--signature' : '--bundle'
      const verify = (pem: string) =>
        run(['verify-blob-attestation', as, out, '--key', write('own.pub', pem), ...type], room.path)
      expect(verify(key.pem).status, verify(key.pem).stderr).toBe(0)
      expect(verify(newKey().pem).status).not.toBe(0)
    })
  })
}
