/** Field cases that are tables: what a reference means, whose secret, which way out, what a checkpoint says. */
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { words } from '../../src/core/codes.ts'
import { isProblem, parseReference } from '../../src/core/reference.ts'
import { parseCheckpoint } from '../../src/core/signed-note.ts'
import { proxyFor } from '../../src/evidence/http/proxy.ts'
import type { Credential } from '../../src/evidence/registry/credentials.ts'
import { dockerCredentials } from '../../src/evidence/registry/docker-config.ts'
import { field, hasField } from './cases.ts'

const text = (path: string): string => readFileSync(`${field}/${path}`, 'utf8')
const table = <T>(path: string): readonly T[] => (hasField ? (JSON.parse(text(path)) as readonly T[]) : [])

describe.skipIf(!hasField)('field', () => {
  type Written = { reference: string; refused?: string; host?: string; path?: string; tag?: string; digest?: string }
  test.for(table<Written>('F-062/references.json'))('F-062: $reference', (row) => {
    const parsed = parseReference(row.reference)
    if (row.refused !== undefined) expect(parsed, row.refused).toMatchObject({ code: 'reference.malformed' })
    // T89: understood, but a digest that we do not speak; never taken for a tag without digest.
    else if (row.digest?.startsWith('sha512:') === true)
      expect(parsed).toMatchObject({ code: 'reference.digest-unsupported' })
    else {
      if (isProblem(parsed)) throw new Error(parsed.code)
      const { host, path, tag = null, digest = null } = parsed
      expect({ reference: row.reference, host, path, tag, digest }).toEqual(row)
    }
  })

  type Secret = { reference: string; user: string | null; secret: string | null }
  type Known = Readonly<Record<string, Readonly<Record<string, { Username: string; Secret: string }>>>>
  test.for(table<Secret>('F-010/expected.json'))('F-010: $reference belongs to $user', async (row) => {
    const known = JSON.parse(text('F-010/helpers.json')) as Known
    const credentials = dockerCredentials(text('F-010/config.json'), (name, server) => {
      const found = known[`docker-credential-${name}`]?.[server]
      const credential: Credential | undefined =
        found === undefined ? undefined : { kind: 'password', username: found.Username, password: found.Secret }
      return Promise.resolve(credential)
    })
    const parts = parseReference(row.reference)
    if (isProblem(parts)) throw new Error(parts.code)
    const held = await credentials?.for(parts.host, parts.path, AbortSignal.timeout(1000))
    const expected = { kind: 'password', username: row.user, password: row.secret }
    expect(held).toEqual(row.user === null ? undefined : expected)
  })

  type Way = { env: Record<string, string>; url: string; goes: string }
  test.for(table<Way>('F-065/table.json'))('F-065: $env, $url goes $goes', ({ env, url, goes }) => {
    const host = proxyFor(new URL(url), env)?.host ?? 'direct'
    expect(host).toBe(goes === 'proxy' ? 'proxy.example:3128' : goes)
  })

  const read = (name: string) => parseCheckpoint(text(`F-027/${name}.txt`))
  test.for(['with-third-line', 'without'])('F-027: %s verifies', (name) => {
    const [, hint, encoded = ''] = text('F-027/vkey.txt').trim().split('+')
    const x = Buffer.from(encoded, 'base64').subarray(1).toString('base64url')
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    const checkpoint = read(name)
    expect(checkpoint).toMatchObject({ size: 4_163_431n })
    const [line] = checkpoint?.signatures ?? []
    expect(line?.hint.toString('hex')).toBe(hint)
    expect(verify(null, Buffer.from(checkpoint?.text ?? ''), key, line?.signature ?? Buffer.alloc(0))).toBe(true)
  })
  test('F-027: too few lines cannot be read, and nobody is accused', () => {
    expect(read('too-few-lines')).toBeUndefined()
    const { says, next } = words('log.checkpoint-malformed')
    expect(says).toMatch(/cannot be read/)
    expect(`${says} ${next}`).not.toMatch(/tamper|forged/)
  })
})
