/** L15: a signature over a digest holds exactly where Node and the library say so of the message and of the digest. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verifyEcdsaDigest } from '../../src/verify/signature/ecdsa-digest.ts'

const curves = [
  { name: 'P-256', curve: p256, jwk: 'P-256' },
  { name: 'P-384', curve: p384, jwk: 'P-384' },
  { name: 'P-521', curve: p521, jwk: 'P-521' },
] as const
type Curve = (typeof curves)[number]['curve']
const hashes = ['sha256', 'sha384', 'sha512'] as const
const digestOf = (hash: string, message: Uint8Array) => createHash(hash).update(message).digest()
const byLibrary = (curve: Curve, key: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean => {
  try {
    const { x = '', y = '' } = key.export({ format: 'jwk' })
    const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
    return curve.verify(signature, digest, point, { prehash: false, lowS: false, format: 'der' })
  } catch {
    return false
  }
}
const byUs = (key: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean => {
  try {
    return verifyEcdsaDigest(key, digest, signature)
  } catch {
    return false
  }
}

describe.each(curves)('L15 on $name', ({ name, curve, jwk }) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: name })
  const other = generateKeyPairSync('ec', { namedCurve: name }).publicKey
  const { Point } = curve
  const { Fn } = Point
  const keyOf = (secret: bigint): KeyObject => {
    const { x, y } = Point.BASE.multiply(secret).toAffine()
    const coordinate = (value: bigint) => Buffer.from(Point.Fp.toBytes(value)).toString('base64url')
    return createPublicKey({ key: { kty: 'EC', crv: jwk, x: coordinate(x), y: coordinate(y) }, format: 'jwk' })
  }

  test('what Node signed holds, for every hash, and for nothing else', () => {
    const message = fc.uint8Array({ maxLength: 200 })
    fc.assert(
      fc.property(message, fc.constantFrom(...hashes), (bytes, hash) => {
        const digest = digestOf(hash, bytes)
        const signature = sign(hash, bytes, privateKey)
        expect(byUs(publicKey, digest, signature)).toBe(true)
        expect(byUs(other, digest, signature)).toBe(false)
        const bits = digest.length * 8
        const last = Math.min(bits, Fn.BITS) - 1
        const changed = Buffer.from(digest)
        changed[last >> 3] = (changed[last >> 3] ?? 0) ^ (0x80 >> (last & 7))
        expect(byUs(publicKey, changed, signature)).toBe(false)
      }),
      { numRuns: 15 },
    )
  })

  test('a broken signature is judged as the library judges it', () => {
    const bytes = Buffer.from('message')
    const [digest, signature] = [digestOf('sha256', bytes), sign('sha256', bytes, privateKey)]
    fc.assert(
      fc.property(fc.nat(signature.length - 1), fc.nat(255), fc.nat(3), (place, value, extra) => {
        const broken = Buffer.concat([signature, Buffer.alloc(extra)])
        broken[place] = value
        expect(byUs(publicKey, digest, broken)).toBe(byLibrary(curve, publicKey, digest, broken))
      }),
      { numRuns: 60 },
    )
  })

  test('both halves of s hold, as ECDSA has it', () => {
    const bytes = Buffer.from('message')
    const { r, s } = curve.Signature.fromBytes(sign('sha256', bytes, privateKey), 'der')
    const mirrored = new curve.Signature(r, Fn.neg(s)).toBytes('der')
    expect(byUs(publicKey, digestOf('sha256', bytes), mirrored)).toBe(true)
  })

  test('where the sum of the two points is the same point, none, or the key itself', () => {
    const secret = 0x1234567890abcdefn
    const key = keyOf(secret)
    const nothing = numberOf(Fn, digestOf('sha256', new Uint8Array(0)))
    const nonce = 0xfedcba0987654321n
    const r = Fn.create(Point.BASE.multiply(nonce).toAffine().x)
    for (const shift of [secret, Fn.neg(secret), 0n, 1n]) {
      const z = Fn.add(nothing, Fn.mul(r, shift))
      const s = Fn.mul(Fn.inv(nonce), Fn.add(z, Fn.mul(r, secret)))
      const signature = new curve.Signature(r, s).toBytes('der')
      const digest = digestAs(Fn, z)
      expect(byLibrary(curve, key, digest, signature), `${shift}`).toBe(true)
      expect(byUs(key, digest, signature), `${shift}`).toBe(true)
      const wrong = digestAs(Fn, Fn.add(z, 2n))
      expect(byUs(key, wrong, signature), `${shift}`).toBe(false)
    }
  })

  test('a key in compressed form is the same key', () => {
    const bytes = Buffer.from('message')
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    const parity = (Buffer.from(y, 'base64url').at(-1) ?? 0) & 1 ? 3 : 2
    const spki = publicKey.export({ format: 'der', type: 'spki' })
    const point = Buffer.concat([Buffer.from([parity]), Buffer.from(x, 'base64url')])
    const algorithm = spki.subarray(spki.indexOf(Buffer.from([0x30]), 2))
    const identifier = algorithm.subarray(0, 2 + (algorithm[1] ?? 0))
    const bits = Buffer.concat([Buffer.from([0x03, point.length + 1, 0]), point])
    const body = Buffer.concat([identifier, bits])
    const compressed = createPublicKey({
      key: Buffer.concat([Buffer.from([0x30, body.length]), body]),
      format: 'der',
      type: 'spki',
    })
    expect(byUs(compressed, digestOf('sha256', bytes), sign('sha256', bytes, privateKey))).toBe(true)
  })
})

test('L15 keys of other curves are refused', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  const bytes = Buffer.from('message')
  expect(byUs(publicKey, digestOf('sha256', bytes), sign('sha256', bytes, privateKey))).toBe(false)
})

type Field = Curve['Point']['Fn']
const numberOf = (Fn: Field, hash: Buffer): bigint => {
  const surplus = hash.length * 8 - Fn.BITS
  const number = BigInt(`0x${hash.toString('hex')}`)
  return Fn.create(surplus > 0 ? number >> BigInt(surplus) : number)
}
/** A digest whose leftmost bits are a number: as long as the order, moved to the left where its length is no whole bytes. */
const digestAs = (Fn: Field, number: bigint): Buffer =>
  Buffer.from((number << BigInt(Fn.BYTES * 8 - Fn.BITS)).toString(16).padStart(Fn.BYTES * 2, '0'), 'hex')
