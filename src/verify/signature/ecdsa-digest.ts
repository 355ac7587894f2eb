import { createECDH, createHash, createPublicKey, type ECDH, type KeyObject, verify } from 'node:crypto'
import { createRequire } from 'node:module'

type Curve = typeof import('@noble/curves/nist.js')['p256']
type Point = InstanceType<Curve['Point']>
type Kit = {
  readonly curve: Curve
  readonly ecdh: ECDH
  readonly header: Buffer
  /** The number that the hash of no bytes stands for on this curve. */
  readonly nothing: bigint
}

/** What stands before the uncompressed point in a SubjectPublicKeyInfo (RFC 5480 section 2). */
const headers: Readonly<Record<string, string>> = {
  prime256v1: '3059301306072a8648ce3d020106082a8648ce3d030107034200',
  secp384r1: '3076301006072a8648ce3d020106052b81040022036200',
  secp521r1: '30819b301006072a8648ce3d020106052b8104002303818600',
}
const noBytes = new Uint8Array(0)
const hashOfNoBytes = createHash('sha256').update(noBytes).digest()
const kits = new Map<string, Kit>()

/** Loaded when the first digest is checked: images never need it, and a process pays for each import at its start. */
function kitOf(key: KeyObject): Kit | undefined {
  const named = key.asymmetricKeyDetails?.namedCurve ?? ''
  let kit = kits.get(named)
  if (kit === undefined) {
    const nist = createRequire(import.meta.url)('@noble/curves/nist.js') as typeof import('@noble/curves/nist.js')
    const curve = { prime256v1: nist.p256, secp384r1: nist.p384, secp521r1: nist.p521 }[named]
    const header = headers[named]
    if (curve === undefined || header === undefined) return undefined
    kit = {
      curve,
      ecdh: createECDH(named),
      header: Buffer.from(header, 'hex'),
      nothing: numberOf(curve, hashOfNoBytes),
    }
    kits.set(named, kit)
  }
  return kit
}

/** The leftmost bits of a hash as a number below the curve's order (SEC 1 section 4.1.4, step 5). */
function numberOf({ Point }: Curve, hash: Uint8Array): bigint {
  const surplus = hash.length * 8 - Point.Fn.BITS
  const number = BigInt(`0x${Buffer.from(hash).toString('hex')}`)
  return Point.Fn.create(surplus > 0 ? number >> BigInt(surplus) : number)
}

/**
 * Checks an ECDSA signature over a digest (SEC 1 section 4.1.4) with Node's own ECDSA, which takes messages only.
 *
 * A signature (r, s) over the number z by the key Q holds where x(z/s·G + r/s·Q) = r. With t = (z − z')/r, that is
 * x(z'/s·G + r/s·(Q + t·G)) = r: the same equation for any other number z' and the key Q + t·G. So the question whether Q
 * signed the digest is asked as whether Q + t·G signed no bytes at all. The library adds the two points; where their sum
 * is none that a key can be, which nobody can bring about without the private key, the library checks the signature.
 *
 * Throws where the signature is not the DER of two numbers between 1 and the order.
 */
export function verifyEcdsaDigest(key: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const kit = kitOf(key)
  if (kit === undefined) return false
  const { curve, ecdh, header, nothing } = kit
  const { Fn } = curve.Point
  const { r, s } = curve.Signature.fromBytes(signature, 'der')
  const point = pointOf(key, curve)
  const shift = Fn.mul(Fn.create(numberOf(curve, digest) - nothing), Fn.inv(r))
  let shifted = point
  if (shift !== 0n) {
    ecdh.setPrivateKey(Fn.toBytes(shift))
    shifted = point.add(curve.Point.fromBytes(ecdh.getPublicKey()))
    if (shifted.is0())
      return curve.verify(signature, digest, point.toBytes(), { prehash: false, lowS: false, format: 'der' })
  }
  const spki = Buffer.concat([header, shifted.toBytes(false)])
  return verify(
    'sha256',
    noBytes,
    { key: createPublicKey({ key: spki, format: 'der', type: 'spki' }), dsaEncoding: 'ieee-p1363' },
    Buffer.concat([Fn.toBytes(r), Fn.toBytes(s)]),
  )
}

const points = new WeakMap<KeyObject, Point>()

function pointOf(key: KeyObject, curve: Curve): Point {
  let point = points.get(key)
  if (point === undefined) {
    const { x = '', y = '' } = key.export({ format: 'jwk' })
    point = curve.Point.fromBytes(
      Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]),
    )
    points.set(key, point)
  }
  return point
}
