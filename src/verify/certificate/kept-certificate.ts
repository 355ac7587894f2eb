import { createHash, createPublicKey, type KeyObject, verify as verifySignature } from 'node:crypto'
import { ASN1Obj, EXTENSION_OID_SCT, X509Certificate } from '@sigstore/core'
import { childrenOf, readTlv, type Tlv, writeTlv } from './der.ts'

/** Results of CA-by-CA signature checks: the same few pairs come with every bundle. Keyed by both digests, bounded. */
const chainMemo = new Map<string, boolean>()
const chainMemoSize = 512

const hashes: Readonly<Record<string, string | null>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.3.101.112': null,
}

/**
 * The library's certificate, but it keeps its DER: it is never re-encoded, is verified natively over the bytes that were
 * received, and answers the questions the library asks again and again from memory (platform: measured traps).
 * Same outcomes as the library's own class; a differential test holds it to that.
 */
export class KeptCertificate extends X509Certificate {
  readonly der: Buffer
  readonly id: string
  readonly isAuthority: boolean
  /** A leaf is judged once for its chain and once for each of its SCTs; its own signature is checked once. */
  private readonly verifiedBy = new Map<string, boolean>()
  // No #private fields: `withOneTimestamp` makes views by prototype, and those would not carry them.
  private keptKey: KeyObject | undefined
  private keptSpki: Buffer | undefined
  private keptParts: { readonly tbs: Buffer; readonly signature: Buffer; readonly algorithm: string } | undefined
  private keptExtensions: ReadonlyMap<string, ASN1Obj> | undefined

  constructor(der: Buffer) {
    super(parseQuietly(der))
    if (readTlv(der, 0).end !== der.length) throw new RangeError('bytes after the certificate')
    this.der = der
    this.id = createHash('sha256').update(der).digest('hex')
    this.isAuthority = this.find(oidBasicConstraints) !== undefined && super.isCA
  }

  /** DER SubjectPublicKeyInfo. */
  override get publicKey(): Buffer {
    this.keptSpki ??= super.publicKey
    return this.keptSpki
  }

  get key(): KeyObject {
    this.keptKey ??= createPublicKey({ key: this.publicKey, format: 'der', type: 'spki' })
    return this.keptKey
  }

  override get isCA(): boolean {
    return this.isAuthority
  }

  override verify(issuer?: X509Certificate): boolean {
    const by =
      issuer instanceof KeptCertificate
        ? issuer
        : issuer === undefined
          ? this
          : new KeptCertificate(issuer.root.toDER())
    const memo = this.isAuthority ? chainMemo : this.verifiedBy
    const pair = `${this.id} ${by.id}`
    const known = memo.get(pair)
    if (known !== undefined) return known
    const { tbs, signature, algorithm } = this.parts
    const hash = hashes[algorithm]
    // T25: SHA-1 and whatever else is not listed verifies nothing.
    const good = hash !== undefined && verifySignature(hash, tbs, by.key, signature)
    if (memo.size >= chainMemoSize) memo.clear()
    memo.set(pair, good)
    return good
  }

  override equals(other: X509Certificate): boolean {
    return other instanceof KeptCertificate ? this.id === other.id : super.equals(other)
  }

  /** Only used by the library to cut the SCT extension out: TBSCertificate of the precertificate, from the raw bytes. */
  override clone(): X509Certificate {
    return this.precertificate(undefined)
  }

  /** What `clone` returns, showing just one of several SCTs, or none; so each is judged alone (T92). */
  withOneTimestamp(index: number | 'none'): KeptCertificate {
    const view = Object.create(this, { clone: { value: () => this.precertificate(index) } }) as KeptCertificate
    return view
  }

  private precertificate(only: number | 'none' | undefined): X509Certificate {
    const sct = this.find(EXTENSION_OID_SCT)
    const others = this.extensions.filter((extension) => extension !== sct)
    const shown = sct === undefined || only === 'none' ? [] : [only === undefined ? sct : oneTimestamp(sct, only)]
    return {
      extensions: [...others, ...shown],
      tbsCertificate: { toDER: () => cutTimestamps(this.der) },
    } as unknown as X509Certificate
  }

  private get parts(): { readonly tbs: Buffer; readonly signature: Buffer; readonly algorithm: string } {
    if (this.keptParts === undefined) {
      const [tbs, , signature] = childrenOf(this.der, readTlv(this.der, 0))
      if (tbs === undefined || signature === undefined) throw new RangeError('not a certificate')
      const algorithm = this.root.subs[1]?.subs[0]?.toOID() ?? ''
      this.keptParts = {
        tbs: this.der.subarray(tbs.start, tbs.end),
        signature: this.der.subarray(signature.content + 1, signature.end),
        algorithm,
      }
    }
    return this.keptParts
  }

  /** The first extension with this OID, from a map: the library looks each up by decoding all OIDs. */
  find(oid: string): ASN1Obj | undefined {
    if (this.keptExtensions === undefined) {
      const map = new Map<string, ASN1Obj>()
      for (const extension of this.extensions) {
        const key = extension.subs[0]?.toOID()
        if (key !== undefined && !map.has(key)) map.set(key, extension)
      }
      this.keptExtensions = map
    }
    return this.keptExtensions.get(oid)
  }
}

const oidBasicConstraints = '2.5.29.19'

/**
 * The library's parser tries the inside of every OCTET STRING and swallows what it throws; the stack traces of those
 * errors, which nobody reads, cost two thirds of its time (measured).
 */
function parseQuietly(der: Buffer): ASN1Obj {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return ASN1Obj.parseBuffer(der as Buffer<ArrayBuffer>)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

const tagSequence = 0x30
const tagExtensions = 0xa3
const sctOid = Buffer.from([0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02])

/** TBSCertificate without the SCT extension, every other byte as it stands (RFC 6962 section 3.2). */
function cutTimestamps(der: Buffer): Buffer {
  const [tbs] = childrenOf(der, readTlv(der, 0))
  if (tbs === undefined) throw new RangeError('not a certificate')
  const fields = childrenOf(der, tbs)
  const raw = (tlv: Tlv) => der.subarray(tlv.start, tlv.end)
  return writeTlv(
    tagSequence,
    ...fields.map((field) => {
      if (field.tag !== tagExtensions) return raw(field)
      const [list] = childrenOf(der, field)
      if (list === undefined) return raw(field)
      const kept = childrenOf(der, list).filter(
        (extension) => !der.subarray(extension.content, extension.content + sctOid.length).equals(sctOid),
      )
      return writeTlv(tagExtensions, writeTlv(tagSequence, ...kept.map(raw)))
    }),
  )
}

/** The SCT extension again, with one timestamp of its list. */
function oneTimestamp(extension: ASN1Obj, index: number): ASN1Obj {
  const list = extension.subs.at(-1)?.subs[0]?.value
  if (list === undefined) throw new RangeError('no SCT list')
  let at = 2
  for (let i = 0; i < index; i++) at += 2 + list.readUInt16BE(at)
  const one = list.subarray(at, at + 2 + list.readUInt16BE(at))
  const size = Buffer.alloc(2)
  size.writeUInt16BE(one.length)
  return ASN1Obj.parseBuffer(
    writeTlv(tagSequence, sctOid, writeTlv(0x04, writeTlv(0x04, size, one))) as Buffer<ArrayBuffer>,
  )
}
