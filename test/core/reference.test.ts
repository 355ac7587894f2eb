import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatReference, isProblem, nameOf, parseName, parseReference, partsOf } from '../../src/core/reference.ts'

const hex = 'ab'.repeat(32)
const digest = `sha256:${hex}`
const canonical = (text: string) => {
  const parts = parseReference(text)
  return isProblem(parts) ? parts.code : formatReference(parts)
}

test.each([
  ['app', 'docker.io/library/app:latest'],
  ['kong/kuma-cp:2.14.3', 'docker.io/kong/kuma-cp:2.14.3'],
  ['docker.io/kong/kuma-cp', 'docker.io/kong/kuma-cp:latest'],
  ['index.docker.io/kong/kuma-cp:1', 'docker.io/kong/kuma-cp:1'],
  ['registry-1.docker.io/library/app:1', 'docker.io/library/app:1'],
  ['registry.hub.docker.com/app:1', 'docker.io/library/app:1'],
  ['Docker.IO/app:1', 'docker.io/library/app:1'],
  [`app@${digest}`, `docker.io/library/app@${digest}`],
  [`kong/kuma-cp:2.14.3@${digest}`, `docker.io/kong/kuma-cp:2.14.3@${digest}`],
  ['localhost/app', 'localhost/app:latest'],
  ['localhost:5000/app:1', 'localhost:5000/app:1'],
  ['127.0.0.1:5000/a/b/c:1', '127.0.0.1:5000/a/b/c:1'],
  ['[::1]:5000/app:1', '[::1]:5000/app:1'],
  ['registry.example./app:1', 'registry.example./app:1'],
  ['registry.example/team__x/app-1.2_3:V1.0-rc_1', 'registry.example/team__x/app-1.2_3:V1.0-rc_1'],
  ['host:1/app', 'host:1/app:latest'],
])('%s means %s', (text, expected) => {
  expect(canonical(text)).toBe(expected)
  // What is canonical stays as it is.
  expect(canonical(expected)).toBe(expected)
})

describe('what is no reference', () => {
  test.each([
    '',
    ':tag',
    '@',
    'App',
    'kong/Kuma-cp',
    'a//b',
    '/a',
    'a/',
    'a:',
    'a:-x',
    'a:.x',
    `a:${'x'.repeat(129)}`,
    'a b',
    'a\n',
    ' a',
    'a:1 ',
    'a:1:2',
    'host:0/a',
    'host:65536/a',
    'host:x/a',
    'host:/a',
    '-host.example/a',
    'host..example/a',
    'a..b',
    'a-',
    '_a',
    'a/../b',
    './a',
    'https://registry.example/app:1',
    'user@registry.example/app',
    'registry.example/app?x',
    'registry.example/app#x',
    'registry.example/аpp', // a Cyrillic letter
    `${'a/'.repeat(200)}a`,
    'a'.repeat(513),
    'a@sha256:',
    `a@${digest}@${digest}`,
    `a@${digest}:1`,
    `a@sha256:${hex.toUpperCase()}`,
    'a@md5:0123',
  ])('%j', (text) => expect(canonical(text)).toBe('reference.malformed'))

  test('T89 a digest of a family that is not spoken has a code of its own', () => {
    expect(canonical(`a:1@sha512:${'0'.repeat(128)}`)).toBe('reference.digest-unsupported')
    expect(canonical(`a:1@sha384:${'0'.repeat(96)}`)).toBe('reference.digest-unsupported')
    expect(canonical(`a:1@sha512:${'0'.repeat(127)}`)).toBe('reference.malformed')
  })
})

test('a name has neither tag nor digest', () => {
  expect(parseName('kong/notary')).toBe('docker.io/kong/notary')
  for (const text of ['kong/notary:1', `kong/notary@${digest}`, 'Kong/notary', ''])
    expect(parseName(text)).toBeUndefined()
})

test('parts of what is canonical; anything else is a bug', () => {
  const name = nameOf({ host: 'docker.io', path: 'kong/kuma-cp' })
  expect(partsOf(name)).toEqual({ host: 'docker.io', path: 'kong/kuma-cp' })
  expect(() => partsOf('NOT ONE' as typeof name)).toThrow()
})

test('whatever is read is written so that it is read alike', () => {
  const segment = fc.stringMatching(/^[a-z0-9]{1,8}((\.|_|__|-{1,2})[a-z0-9]{1,4}){0,2}$/)
  const host = fc.constantFrom('team/', 'docker.io/', 'registry.example/', 'localhost:5000/', 'a.b:1/')
  const tag = fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}$/))
  const pin = fc.option(fc.constant(digest))
  fc.assert(
    fc.property(host, fc.array(segment, { minLength: 1, maxLength: 3 }), tag, pin, (where, path, named, pinned) => {
      const text = `${where}${path.join('/')}${named === null ? '' : `:${named}`}${pinned === null ? '' : `@${pinned}`}`
      const parts = parseReference(text)
      if (isProblem(parts)) throw new Error(text)
      const written = formatReference(parts)
      const again = parseReference(written)
      expect(again).toEqual(pinned === null && named === null ? { ...parts, tag: 'latest' } : parts)
    }),
  )
})

test('no text throws, and none is read as two references', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const parts = parseReference(text)
      if (!isProblem(parts)) expect(parseReference(formatReference(parts))).not.toHaveProperty('code')
    }),
  )
})
