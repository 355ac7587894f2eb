/** Every refusal of the schema, with the place that a person has to look at. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pointerOf } from '../../src/core/pointer.ts'
import { loadPolicy } from '../../src/policy/read.ts'
import { documents } from '../judge/policies.ts'

const signer = { issuer: 'https://issuer.example', identity: { is: 'me@example.com' } }
const parts = { host: 'github.com', owner: 'Kong', repository: 'kong-mesh', workflow: '.github/workflows/x.yaml' }
const requirement = { id: 'A', candidate: 'signature', signer }
const document = (changes: object = {}) => ({
  schema: 'urn:meshproof:policy:v1',
  name: 'p',
  requirements: [requirement],
  ...changes,
})
const one = (changes: object) => document({ requirements: [{ ...requirement, ...changes }] })
const identity = (value: unknown) => one({ signer: { ...signer, identity: value } })

const problemsOf = (value: unknown) => {
  const loaded = loadPolicy(value)
  return 'problems' in loaded ? loaded.problems : []
}
const digestOf = (value: unknown) => {
  const loaded = loadPolicy(value)
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
  return loaded.sealed.digest
}

describe('what does not load, and where', () => {
  test.each([
    ['', 'no document'],
    ['', null],
    ['', []],
    ['/schema', { ...document(), schema: 'urn:meshproof:policy:v2' }],
    ['/name', document({ name: '' })],
    ['/name', document({ name: 'x'.repeat(129) })],
    ['/requirements', document({ requirements: [] })],
    ['/requirements', document({ requirements: {} })],
    ['/requirements', document({ requirements: [requirement, requirement] })],
    [
      '/requirements',
      document({ requirements: Array.from({ length: 65 }, (_, i) => ({ ...requirement, id: `R${i}` })) }),
    ],
    ['/requirements/0/id', one({ id: '' })],
    ['/requirements/0/id', one({ id: 'a b' })],
    ['/requirements/0/id', one({ id: '-a' })],
    ['/requirements/0/candidate', one({ candidate: 'sbom' })],
    ['/requirements/0/signer', one({ signer: undefined })],
    ['/requirements/0/signer/issuer', one({ signer: { identity: { is: 'x' } } })],
    ['/requirements/0/signer/issuer', one({ signer: { ...signer, issuer: '' } })],
    ['/requirements/0/signer/identity', one({ signer: { issuer: 'x' } })],
    ['/requirements/0/signer/identity', identity('me@example.com')],
    ['/requirements/0/signer/identity/is', identity({ is: '' })],
    ['/requirements/0/signer/identity/matches', identity({ matches: '(' })],
    ['/requirements/0/signer/identity/matches', identity({ matches: 'a'.repeat(513) })],
    ['/requirements/0/signer/identity/loose', identity({ matches: 'a', loose: false })],
    ['/requirements/0/signer/identity/loose', identity({ is: 'a', loose: true })],
    ['/requirements/0/signer/identity/host', identity({ ...parts, host: 'github.com/x' })],
    ['/requirements/0/signer/identity/owner', identity({ ...parts, owner: '' })],
    ['/requirements/0/signer/identity/repository', identity({ ...parts, repository: 'kong/mesh' })],
    ['/requirements/0/signer/identity/workflow', identity({ ...parts, workflow: '/x.yaml' })],
    ['/requirements/0/signer/identity/workflow', identity({ ...parts, workflow: 'x.yaml@main' })],
    ['/requirements/0/signer/keys', one({ signer: { keys: [] } })],
    ['/requirements/0/signer/keys/0/key/base64', one({ signer: { keys: [{ key: { base64: 'QQ' } }] } })],
    ['/requirements/0/signer/keys/0/key', one({ signer: { keys: [{ key: { base64: 'QUJD' } }] } })],
    ['/requirements/0/signer/keys/0/hash', one({ signer: { keys: [{ key: { base64: 'QUJD' }, hash: 'sha1' }] } })],
    ['/requirements/0/signer/builder', one({ signer: { builder: '' } })],
    ['/requirements/0/threshold', one({ threshold: 0 })],
    ['/requirements/0/threshold', one({ threshold: 1.5 })],
    ['/requirements/0/threshold', one({ threshold: 2 })],
    ['/requirements/0/threshold', one({ threshold: 17 })],
    ['/requirements/0/transparency/log', one({ transparency: { log: -1 } })],
    ['/requirements/0/transparency/sct', one({ transparency: { sct: 17 } })],
    ['/requirements/0/transparency/time', one({ transparency: { time: '1' } })],
    ['/requirements/0/transparency/proof', one({ transparency: { proof: 1 } })],
    ['/requirements/0/annotations/repo', one({ annotations: { repo: 1 } })],
    ['/requirements/0/annotations/a~1b/certificate', one({ annotations: { 'a/b': { certificate: 'noSuchThing' } } })],
    ['/requirements/0/reference', one({ reference: '' })],
    ['/requirements/0/predicateType', one({ predicateType: [] })],
    ['/requirements/0/predicateType/0', one({ predicateType: [''] })],
    ['/requirements/0/provenance/source/uri', one({ provenance: { source: {} } })],
    ['/requirements/0/provenance/trigger', one({ provenance: { trigger: [] } })],
    ['/requirements/0/provenance/fileName', one({ provenance: { fileName: true } })],
    ['/requirements/0/from', one({ from: '2.7' })],
    ['/requirements/0/from', one({ from: 'v2.7.4' })],
    ['/images', document({ images: [] })],
    ['/images/0/name', document({ images: [{ name: 'kong/kuma-cp:2.14.3' }] })],
    ['/images/0/name', document({ images: [{ name: 'Kong/kuma-cp' }] })],
    ['/images/0/signed', document({ images: [{ name: 'kong/kuma-cp', signed: 'yes' }] })],
    ['/inherit/0', document({ inherit: ['everything'] })],
    ['/recheck', document({ recheck: '7 days' })],
    ['/trust/root', document({ trust: { root: 'sha256:x' } })],
    ['/trust/maxAge', document({ trust: { maxAge: 'P' } })],
    ['/trust/maxAge', document({ trust: { maxAge: 'PT' } })],
    ['/sameBuild', document({ sameBuild: [{ of: ['A', 'B'], by: 'commit' }] })],
    ['/sameBuild/0/of', document({ sameBuild: [{ of: ['A'], by: 'commit' }] })],
    ['/sameBuild/0/by', document({ sameBuild: [{ of: ['A', 'A'], by: 'day' }] })],
    ['/confirmed', document({ confirmed: 'yes' })],
  ])('%j', (pointer, value) => {
    expect(problemsOf(document())).toEqual([])
    const problems = problemsOf(value)
    expect(problems.map((problem) => problem.pointer)).toContain(pointer)
    for (const { message } of problems) expect(message).not.toBe('')
  })

  test('text that has no canonical form', () => {
    expect(problemsOf(one({ annotations: { a: '\ud800' } })).length).toBeGreaterThan(0)
  })
})

describe('T03', () => {
  type Container = Record<string, unknown>
  /** Every object of a document, with its place; records of the author's own keys apart. */
  function objectsOf(
    value: unknown,
    path: readonly string[] = [],
  ): readonly { object: Container; path: readonly string[] }[] {
    if (typeof value !== 'object' || value === null) return []
    const inner = Object.entries(value).flatMap(([key, member]) => objectsOf(member, [...path, key]))
    const own = Array.isArray(value) || ['annotations', 'inputs'].includes(path.at(-1) ?? '')
    return own ? inner : [{ object: value as Container, path }, ...inner]
  }

  test('T03 an unknown key at any place of any policy is refused, and named', () => {
    let tried = 0
    fc.assert(
      fc.property(
        documents,
        fc.nat(),
        fc.constantFrom('extra', 'subjectRegExp', 'Issuer', '$schema', ''),
        (value, seed, key) => {
          fc.pre(problemsOf(value).length === 0)
          const copy = structuredClone(value)
          const places = objectsOf(copy)
          const place = places[seed % places.length]
          if (place === undefined) throw new Error('no object')
          place.object[key] = 1
          tried++
          expect(problemsOf(copy).map(({ pointer }) => pointer)).toContain(pointerOf([...place.path, key]))
        },
      ),
    )
    expect(tried).toBeGreaterThan(20)
  })
})

test('the digest of a policy does not depend on the order of its keys, and on everything else', () => {
  const turned = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(turned)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, member]) => [key, turned(member)]),
          )
        : value
  fc.assert(
    fc.property(documents, (value) => {
      fc.pre(problemsOf(value).length === 0)
      expect(digestOf(turned(value))).toBe(digestOf(value))
      expect(digestOf({ ...value, name: 'another' })).not.toBe(digestOf(value))
    }),
  )
})
