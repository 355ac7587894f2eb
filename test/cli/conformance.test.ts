/** `bin/conformance` over the vectors of sigstore-conformance, as its own runner reads them, by file and by digest. */

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { conform } from '../../src/cli/conformance-protocol.ts'
import { cleanEnv, ended } from './process.ts'

const corpus = process.env['MESHPROOF_CORPUS'] ?? fileURLToPath(new URL('../../../shared/corpus', import.meta.url))
const vectors = `${corpus}/sigstore-conformance`
const hasVectors = existsSync(vectors)
if (!hasVectors) console.warn('vectors of sigstore-conformance skipped: no corpus (set MESHPROOF_CORPUS)')
const client = fileURLToPath(new URL('../../bin/conformance.mjs', import.meta.url))

const names = hasVectors
  ? readdirSync(vectors, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  : []
const usual = {
  identity:
    'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main',
  issuer: 'https://token.actions.githubusercontent.com',
}

/** The README beside the vectors says what each file means. */
function argsOf(name: string, artifact: string): readonly string[] {
  const folder = `${vectors}/${name}`
  const file = (part: string): string | undefined => (existsSync(`${folder}/${part}`) ? `${folder}/${part}` : undefined)
  const text = (part: 'identity' | 'issuer'): string =>
    file(part) === undefined ? usual[part] : readFileSync(`${folder}/${part}`, 'utf8').trim()
  const [key, root] = [file('key.pub'), file('trusted_root.json')]
  const signer = ['--certificate-identity', text('identity'), '--certificate-oidc-issuer', text('issuer')]
  return [
    'verify-bundle',
    '--bundle',
    `${folder}/bundle.sigstore.json`,
    ...(key === undefined ? signer : ['--key', key]),
    ...(root === undefined ? [] : ['--trusted-root', root]),
    artifact,
  ]
}
const artifactOf = (name: string): string =>
  existsSync(`${vectors}/${name}/artifact`) ? `${vectors}/${name}/artifact` : `${vectors}/a.txt`
const digestOf = (file: string): string => `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`
const expected = (name: string): 0 | 1 => (name.endsWith('_fail') ? 1 : 0)

describe.skipIf(!hasVectors)('in one process', () => {
  test.for(names)('%s', async (name) => {
    const file = artifactOf(name)
    for (const artifact of [file, digestOf(file)]) {
      const { code, says } = await conform(argsOf(name, artifact), cleanEnv())
      expect(code, `${artifact}: ${says}`).toBe(expected(name))
    }
  })
})

const run = (args: readonly string[]) =>
  ended(spawn(process.execPath, [client, ...args], { env: cleanEnv(), stdio: 'pipe' }))

test
  .skipIf(!hasVectors)
  .for([
    'happy-path-v0.3',
    'rekor2-happy-path',
    'managed-key-and-trusted-root',
    'signature-mismatch_fail',
    'bundle-malformed-json_fail',
    'rekor2-no-timestamp_fail',
  ])('as a process: %s', async (name) => {
  const { code, stderr, stdout } = await run(argsOf(name, artifactOf(name)))
  expect({ code, stdout }, stderr).toEqual({ code: expected(name), stdout: '' })
})

test.for([
  ['another verb', ['sign-bundle', '--bundle', 'x', 'y'], 'only verify-bundle'],
  ['nothing', [], 'only verify-bundle'],
  ['no artifact', ['verify-bundle', '--bundle', 'x', '--key', 'k'], 'verify-bundle --bundle F FILE'],
  ['nobody named', ['verify-bundle', '--bundle', 'x', 'y'], 'a key, or an identity'],
  ['an unknown flag', ['verify-bundle', '--ignore', 'x', 'y'], 'ignore'],
] as const)('%s is 1', async ([, args, says]) => {
  const conformed = await conform(args, cleanEnv())
  expect(conformed.code).toBe(1)
  expect(conformed.says).toContain(says)
})
