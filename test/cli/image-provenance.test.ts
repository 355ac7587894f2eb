/** `verify image` in slsa-verifier's words: where images were built, by the attestation that a registry keeps. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cosignTag, legacyAttestation, signatureManifest } from '../authority/cosign-legacy.ts'
import { generatorCertificate, type ProvenanceOptions, provenance } from '../authority/provenance.ts'
import { startRegistry, type TestRegistry } from '../registry/registry.ts'
import { meshproof, type Ran, scratch } from './process.ts'
import { authority, hold, smallImage } from './scene.ts'

const room = scratch()
const root = join(room.path, 'root.json')
writeFileSync(root, JSON.stringify(authority.trustedRoot()))
const { index, amd64 } = smallImage('provenance')
const github = { ref: 'refs/tags/v2.14.3' }
const options: ProvenanceOptions = {
  generator: 'container',
  github,
  subjects: [{ name: 'kong/kuma-cp', digest: { sha256: index.digest.slice('sha256:'.length) } }],
}
const statement = provenance(options)
let registry: TestRegistry

beforeAll(async () => {
  registry = await startRegistry()
  hold(registry, 'kong/kuma-cp', index, '2.14.3')
  const attestation = legacyAttestation(authority, { statement, github: generatorCertificate(options) })
  hold(registry, 'kong/notary', signatureManifest([attestation]), cosignTag(index.digest, 'att'))
})
afterAll(async () => {
  await registry.close()
  room.remove()
})

const container =
  'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml'
const source = ['--source-uri', 'github.com/Kong/kong-mesh']
const kept = () => ['--provenance-repository', `${registry.host}/kong/notary`]
const common = ['--trusted-root', root, '--at', '2026-01-15T13:00:00Z']
const verify = (args: readonly string[], output: readonly string[] = ['-o', 'json'], image = 'kong/kuma-cp:2.14.3') =>
  meshproof(['verify', 'image', `${registry.host}/${image}`, ...args, ...common, ...output])

const decisive = ({ answers, stdout, stderr }: Ran) => {
  const [first] = answers[0]?.subjects ?? []
  if (first === undefined) throw new Error(stdout + stderr)
  return first.findings.find(({ demand, candidate }) => demand === '/requirements/0' && candidate === undefined)?.code
}

test.each<readonly [string, readonly string[], number, string]>([
  ['source', [], 0, 'requirement.met'],
  ['another source', ['--source-uri', 'github.com/Kong/kong-mesh-x'], 1, 'provenance.source'],
  ['tag', ['--source-tag', 'v2.14.3'], 0, 'requirement.met'],
  ['another tag', ['--source-tag', '2.14.3'], 1, 'provenance.source'],
  ['versioned tag', ['--source-versioned-tag', 'v2.14'], 0, 'requirement.met'],
  ['another versioned tag', ['--source-versioned-tag', 'v2.13'], 1, 'provenance.source'],
  ['branch', ['--source-branch', 'main'], 1, 'provenance.source'],
  ['builder', ['--builder-id', `${container}@v2.1.0`], 0, 'requirement.met'],
  ['another release of the builder', ['--builder-id', `${container}@v2.0.0`], 1, 'provenance.builder'],
  ['input', ['--build-workflow-input', 'release=true'], 1, 'provenance.inputs'],
])('%s', async (_, flags, code, reason) => {
  const ran = await verify([...kept(), ...source, ...flags])
  expect([ran.code, decisive(ran)], ran.stdout + ran.stderr).toEqual([code, reason])
})

test('the provenance of the index is that of its platforms, also where one is named', async () => {
  const ran = await verify([...kept(), ...source])
  expect(ran.answers[0]?.subjects?.map(({ outcome }) => outcome)).toEqual(['trusted', 'trusted', 'trusted'])
  const one = await verify([...kept(), ...source, '--platform', 'linux/amd64'])
  expect([one.code, one.answers[0]?.subjects?.map(({ subject }) => subject)]).toEqual([0, [amd64.digest]])
})

test('T29 the digest of a platform beside its tag: the index of the tag lists it, and lends its provenance', async () => {
  const beside = (tag: string) => verify([...kept(), ...source], undefined, `kong/kuma-cp${tag}@${amd64.digest}`)
  const ran = await beside(':2.14.3')
  expect([ran.code, decisive(ran)], ran.stdout).toEqual([0, 'requirement.met'])
  expect(ran.answers[0]?.subjects?.map(({ subject }) => subject)).toEqual([amd64.digest])
  expect(ran.answers[0]?.subjects?.[0]?.findings.map(({ code }) => code)).not.toContain('registry.tag-moved')
  // An index that does not list it lends nothing, and without a tag nobody knows of one.
  hold(registry, 'kong/kuma-cp', smallImage('another').index, 'other')
  const other = await beside(':other')
  expect([other.code, decisive(other)]).toEqual([1, 'provenance.absent'])
  expect(other.answers[0]?.subjects?.[0]?.findings.map(({ code }) => code)).toContain('registry.tag-moved')
  expect(decisive(await beside(''))).toBe('provenance.absent')
})

test('--print-provenance writes the statement as it was signed, and nothing of what is not trusted', async () => {
  const good = await verify([...kept(), ...source, '--print-provenance'], [])
  expect([good.code, good.stderr], good.stderr).toEqual([0, expect.stringContaining('1 image: 1 trusted')])
  expect(JSON.parse(good.stdout)).toEqual(statement)
  const bad = await verify([...kept(), ...source, '--source-tag', 'v1.0.0', '--print-provenance'], [])
  expect([bad.code, bad.stdout]).toEqual([1, ''])
})

describe('what cannot be meant is a mistake of usage', () => {
  test.each<readonly [readonly string[], string]>([
    [['--source-tag', 'v1.0.0'], 'needs --source-uri'],
    [[...source, '--profile', 'kong-mesh'], 'not both'],
    [[...source, '--key', 'key.pub'], 'not both'],
    [[...source, '--print-provenance', '-o', 'json'], '--print-provenance writes'],
    [[...source, '--signature-repository', 'a.example/x', '--provenance-repository', 'b.example/x'], 'in one place'],
  ])('%j', async (flags, says) => {
    const ran = await verify(flags, [])
    expect([ran.code, ran.stderr.replace(/\s+/g, ' ')]).toEqual([2, expect.stringContaining(says)])
  })
})
