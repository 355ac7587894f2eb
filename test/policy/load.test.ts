/** What a policy document may say; what demands nothing, or what nobody reads, does not load. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { compilePattern, patternLimit } from '../../src/core/pattern.ts'
import type { Name } from '../../src/core/reference.ts'
import { profileFor, profileNamed, profileNames } from '../../src/policy/profiles/table.ts'
import { loadPolicy, policyWarnings } from '../../src/policy/read.ts'

const pem = (key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey) =>
  key.export({ type: 'spki', format: 'pem' }).toString()
const base64 = (text: string) => ({ base64: Buffer.from(text).toString('base64') })
const signer = { issuer: 'https://issuer.example', identity: { is: 'me@example.com' } }
const requirement = { id: 'A', candidate: 'signature', signer }
const document = (changes: object = {}) => ({
  schema: 'urn:meshproof:policy:v1',
  name: 'p',
  requirements: [requirement],
  ...changes,
})
const one = (changes: object) => document({ requirements: [{ ...requirement, ...changes }] })

/** Pointers of what does not load; empty: it loads. */
const pointers = (value: unknown): readonly string[] => {
  const loaded = loadPolicy(value)
  return 'problems' in loaded ? loaded.problems.map(({ pointer }) => pointer) : []
}

test('the twin of what follows loads', () => expect(pointers(document())).toEqual([]))

describe('T03 what is not known is refused, with its place', () => {
  test.each([
    ['/extra', document({ extra: 1 })],
    ['/requirements/0/extra', one({ extra: 1 })],
    ['/requirements/0/signer/subjectRegExp', one({ signer: { ...signer, subjectRegExp: '.*' } })],
    [
      '/requirements/0/signer/identity/anchored',
      one({ signer: { ...signer, identity: { is: 'x', anchored: false } } }),
    ],
    [
      '/requirements/0/signer/certificate/buildtrigger',
      one({ signer: { ...signer, certificate: { buildtrigger: 'push' } } }),
    ],
    ['/requirements/0/transparency/tlog', one({ transparency: { tlog: 1 } })],
    ['/requirements/0/provenance/source/ref', one({ provenance: { source: { uri: 'github.com/a/b', ref: 'x' } } })],
    [
      '/requirements/0/__proto__',
      JSON.parse(
        '{"schema":"urn:meshproof:policy:v1","name":"p","requirements":[{"id":"A","candidate":"signature","signer":{"issuer":"i","identity":{"is":"x"}},"__proto__":{"threshold":0}}]}',
      ),
    ], // T79
  ])('T03 %s', (pointer, value) => expect(pointers(value)).toContain(pointer))
})

describe('T04 what demands nothing does not load', () => {
  test.each([
    ['no requirements', document({ requirements: [] })],
    ['no signer', document({ requirements: [{ id: 'A', candidate: 'signature' }] })],
    ['no issuer', one({ signer: { identity: signer.identity } })], // T02
    ['an empty issuer', one({ signer: { ...signer, issuer: '' } })],
    ['no identity', one({ signer: { issuer: signer.issuer } })],
    ['an empty identity', one({ signer: { ...signer, identity: { is: '' } } })],
    ['an empty pattern', one({ signer: { ...signer, identity: { matches: '' } } })],
    ['a list of identities', one({ signer: { ...signer, identity: [] } })],
    ['no keys', one({ signer: { keys: [] } })],
    ['a threshold of 0', one({ threshold: 0 })],
    ['a threshold that nobody can reach', one({ signer: { keys: [{ key: base64(pem()) }] }, threshold: 2 })],
    ['a negative count', one({ transparency: { log: -1 } })],
    ['two requirements of one id', document({ requirements: [requirement, requirement] })],
    ['an empty list of types', one({ candidate: 'attestation', predicateType: [] })],
  ])('T04 %s', (_, value) => expect(pointers(value).length).toBeGreaterThan(0))

  test('T04 counts of 0 load: they say aloud what is not asked', () =>
    expect(pointers(one({ transparency: { log: 0, sct: 0, time: 0 } }))).toEqual([]))
})

describe('T93 a broken policy never looks like a broken artifact', () => {
  const keyed = (text: string) => one({ signer: { keys: [{ key: base64(text) }] } })
  test.each([
    ['no key', 'hello'],
    ['two keys in one value', pem() + pem()],
    [
      'a private key',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ],
    ['a curve that is not allowed', pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)], // T25
    ['a short RSA key', pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)],
    ['another kind of key', pem(generateKeyPairSync('x25519').publicKey)],
  ])('T93 %s', (_, text) => expect(pointers(keyed(text))).toEqual(['/requirements/0/signer/keys/0/key']))
  test('T93 a name that is none does not load: it could only ever mismatch', () => {
    expect(pointers(one({ reference: 'not a name!!' }))).toEqual(['/requirements/0/reference'])
    for (const reference of ['asked', 'docker.io/kong/kuma-cp']) expect(pointers(one({ reference }))).toEqual([])
  })
  test('T93 a key loads', () => expect(pointers(keyed(pem()))).toEqual([]))

  test('T93 lists that mean "one of" are said so', () => {
    const loaded = loadPolicy(
      one({ candidate: 'attestation', predicateType: ['https://slsa.dev/provenance/v1', 'https://spdx.dev/Document'] }),
    )
    if ('problems' in loaded) throw new Error('does not load')
    expect(policyWarnings(loaded.policy)).toEqual([
      { pointer: '/requirements/0/predicateType', message: 'one of these types is enough' },
    ])
  })
})

describe('T77 patterns', () => {
  const evil = [
    '^(a+)+$',
    '(a|a)*b',
    '(a|aa)+$',
    '(.*a){20}',
    '([a-zA-Z]+)*$',
    '(a*)*b',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(x+x+)+y',
    '(.+)+@',
    '^(\\w+\\s?)*$',
    '(0|1)*0(0|1){10}',
    '(?:a?){30}a{30}',
  ]
  test.each(evil)('T77 %s answers on 30,000 characters', (source) => {
    const pattern = compilePattern(source)
    expect(pattern).toBeDefined()
    expect(typeof pattern?.whole(`${'a'.repeat(30_000)}!`)).toBe('boolean')
  })
  test.each(['(?=a)', '(a)\\1', '(?<!x)y', '[', '(', 'a'.repeat(patternLimit + 1)])(
    'T77 what a linear engine cannot promise does not load: %s',
    (source) => {
      expect(compilePattern(source)).toBeUndefined()
      expect(pointers(one({ signer: { ...signer, identity: { matches: source } } })).length).toBeGreaterThan(0)
    },
  )
})

test('the order of keys is no part of a policy, everything else is', () => {
  const digest = (value: unknown) => {
    const loaded = loadPolicy(value)
    return 'policy' in loaded ? loaded.sealed.digest : undefined
  }
  const { schema, name, requirements } = document()
  expect(digest({ requirements, name, schema })).toBe(digest(document()))
  expect(digest(one({ transparency: { log: 0 } }))).not.toBe(digest(document()))
})

test('profiles load, speak of their images, and say that they are unconfirmed', () => {
  for (const name of profileNames) expect(profileNamed(name)?.policy).toMatchObject({ name, confirmed: 'unconfirmed' })
  expect(profileFor('docker.io/kong/kuma-cp' as Name)?.policy.name).toBe('kong-mesh')
  expect(profileFor('docker.io/kong/ubi-kuma-dp' as Name)?.policy.name).toBe('kong-mesh')
  expect(profileFor('docker.io/kumahq/kuma-cp' as Name)?.policy.name).toBe('kuma')
  expect(profileFor('docker.io/kong/kong-gateway' as Name)).toBeUndefined()
})
