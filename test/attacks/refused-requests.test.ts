/** Requests and policies that are broken: said of themselves, never of the artifact. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readRequest } from '../../src/examine/prepare.ts'
import { newKey } from '../authority/keys.ts'
import { authority, expectTrusted, imageDigest, judged, policyWith } from './harness.ts'

const key = newKey()
const { bundle } = authority.sign({ signer: key, log: 'none', timestamp: false })
const by = (text: string, changes: object = {}) =>
  policyWith({
    signer: { keys: [{ key: { base64: Buffer.from(text).toString('base64') } }] },
    transparency: { log: 0 },
    ...changes,
  })

describe('T93 a broken policy', () => {
  const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  test.each([
    ['two keys in one value', key.pem + newKey().pem, 'two keys in one value'],
    ['half a key', key.pem.slice(0, 60), 'not a public key'],
    ['no key at all', 'hello', 'not a public key'],
    ['a private key', String(privateKey.export({ type: 'pkcs8', format: 'pem' })), 'this is a private key'],
  ])('T93 %s: where and what, and no verdict', async (_, text, words) => {
    await expectTrusted({ evidence: { bundle }, policy: by(key.pem) })
    await expect(judged({ evidence: { bundle }, policy: by(text) })).rejects.toMatchObject({
      code: 'policy.malformed',
      parameters: {
        found: expect.stringContaining(words) as string,
        problems: [{ pointer: '/requirements/0/signer/keys/0/key', message: expect.stringContaining(words) as string }],
      },
    })
  })

  test('T93 a demand that is misspelt is no demand that was met', async () => {
    const misspelt = by(key.pem, { annotation: { repo: 'Kong/kong-mesh' } })
    await expect(judged({ evidence: { bundle }, policy: misspelt })).rejects.toMatchObject({
      code: 'policy.malformed',
      parameters: { problems: [{ pointer: '/requirements/0/annotation', message: 'unknown key' }] },
    })
  })
})

describe('T79 a request', () => {
  const good = { subject: { digest: imageDigest }, policy: policyWith() }
  const own = (name: string, value: unknown): object =>
    JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`) as object

  test('T79 what is not known is refused, whatever it is called', () => {
    expect(readRequest(good)).toMatchObject(good)
    for (const name of ['constructor', 'prototype', 'toString', 'extra'])
      for (const request of [
        { ...good, ...own(name, {}) },
        { ...good, subject: { ...good.subject, ...own(name, {}) } },
        { ...good, trust: { root: { base64: '', ...own(name, {}) } } },
      ])
        expect(() => readRequest(request), name).toThrow(
          expect.objectContaining({ code: 'request.malformed' }) as Error,
        )
  })

  test('T79 nothing of a request becomes a property of every object', () => {
    const text = JSON.stringify(good).replace('{"subject"', '{"__proto__":{"offline":true,"at":"x"},"subject"')
    try {
      const read = readRequest(JSON.parse(text))
      expect(Object.hasOwn(read, 'offline') || Object.hasOwn(read, 'at')).toBe(false)
      expect(read.offline).toBeUndefined()
    } catch (error) {
      expect(error).toMatchObject({ code: 'request.malformed' })
    }
    expect({}).not.toHaveProperty('offline')
  })
})
