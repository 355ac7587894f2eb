/** Timestamp authorities and their RFC 3161 answers, in the form of sigstore/timestamp-authority. */
import { bytesOf, digest, flip, type Hash, sha256 } from './bytes.ts'
import { createRoot } from './ca.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  type Certified,
  distinguishedName,
  extendedKeyUsage,
  type KeyUsage,
  keyUsage,
  newSerial,
  signCertificate,
  subjectKeyIdentifier,
} from './certificate.ts'
import { explicit, generalizedTime, integer, nothing, octets, oid, sequence, setOf, time, tlv } from './der.ts'
import { type Key, type KeyAlgorithm, newKey, signatureAlgorithm, signBytes } from './keys.ts'
import { later, type Time, year } from './time.ts'

export interface Tsa {
  uri: string
  organization: string
  root: Certified
  leaf: Certified
}

export interface TsaOptions {
  at?: Time
  uri?: string
  organization?: string
  commonName?: string
  /** Root to stand under, e.g. another TSA's. */
  root?: Certified
  algorithm?: KeyAlgorithm
  key?: Key
  notBefore?: Time
  notAfter?: Time
  /** Default `['timeStamping']`; `null` leaves the extension out. */
  eku?: readonly string[] | null
  ekuCritical?: boolean
  keyUsage?: readonly KeyUsage[] | null
  isCA?: boolean
}

export function createTsa(options: TsaOptions & { at: Time }): Tsa {
  const {
    at,
    organization = 'authority.test',
    commonName = 'sigstore-tsa',
    uri = 'https://tsa.authority.test/api/v1/timestamp',
  } = options
  const notBefore = options.notBefore ?? later(at, -year)
  const notAfter = options.notAfter ?? later(at, 9 * year)
  const root =
    options.root ??
    createRoot({ organization, commonName: `${commonName}-selfsigned`, algorithm: 'p384', notBefore, notAfter })
  const key = options.key ?? newKey(options.algorithm)
  const usage = options.keyUsage === undefined ? (['digitalSignature'] as const) : options.keyUsage
  const purposes = options.eku === undefined ? ['timeStamping'] : options.eku
  const leaf = signCertificate({
    subject: distinguishedName(organization, commonName),
    key,
    by: root,
    notBefore,
    notAfter,
    extensions: [
      basicConstraints(options.isCA ?? false),
      ...(usage === null ? [] : [keyUsage(usage)]),
      ...(purposes === null ? [] : [extendedKeyUsage(purposes, options.ekuCritical ?? true)]),
      subjectKeyIdentifier(key),
      authorityKeyIdentifier(root.key),
    ],
  })
  return { uri, organization, root, leaf }
}

export interface TimestampOptions {
  /** What the time is signed over: for bundles and cosign signatures, the signature's bytes. */
  over: string | Uint8Array
  at?: Time
  tsa?: Tsa
  /** Hash of the imprint. */
  hash?: Hash
  /** Hash of the token's signature and message digest. */
  signatureHash?: Hash
  /** Certificates inside the token; default none, as Sigstore asks for. */
  embedCertificates?: 'none' | 'leaf' | 'chain' | readonly Uint8Array[]
  /** A leaf with these purposes under the same root, made for this token and embedded. */
  eku?: readonly string[] | null
  policy?: string
  serial?: Uint8Array
  nonce?: Uint8Array
  accuracySeconds?: number
  /** PKIStatus; 0 is granted. */
  status?: number
  /** The hashed message, when it shall not be the hash of `over`. */
  imprint?: Uint8Array
  /** Leave out the attribute that names the signer's certificate. */
  signingCertificate?: boolean
  alter?: 'signature' | 'message-digest' | ((der: Buffer) => Buffer)
}

const hashOids = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}
const signedDataType = '1.2.840.113549.1.7.2'
const tstInfoType = '1.2.840.113549.1.9.16.1.4'

/** TimeStampResp, DER. */
export function timestamp(own: Tsa, at: Time, options: TimestampOptions): Buffer {
  const given = options.tsa ?? own
  const tsa =
    options.eku === undefined
      ? given
      : createTsa({ at, root: given.root, commonName: 'sigstore-tsa-other', eku: options.eku })
  const { leaf } = tsa
  const hash = options.signatureHash ?? 'sha256'
  const info = tstInfo(tsa, options.at ?? at, options)
  const attributes = signedAttributes(leaf, tsa, options.at ?? at, info, hash, options)
  const set = setOf(...attributes)
  const signature = signBytes(leaf.key, set, hash)
  const signerInfo = sequence(
    integer(1),
    sequence(tsa.root.name, integer(leaf.serial)),
    sequence(oid(hashOids[hash])),
    tlv(0xa0, set.subarray(set.length - contentLength(attributes))),
    signatureAlgorithm(leaf.key, hash),
    octets(options.alter === 'signature' ? flip(signature) : signature),
  )
  const embedded = certificates(tsa, options.embedCertificates ?? (options.eku === undefined ? 'none' : 'leaf'))
  const signedData = sequence(
    integer(3),
    setOf(sequence(oid(hashOids[hash]))),
    sequence(oid(tstInfoType), explicit(0, octets(info))),
    ...(embedded.length === 0 ? [] : [tlv(0xa0, ...embedded)]),
    setOf(signerInfo),
  )
  const response = sequence(
    sequence(integer(options.status ?? 0)),
    sequence(oid(signedDataType), explicit(0, signedData)),
  )
  return typeof options.alter === 'function' ? options.alter(response) : response
}

function tstInfo(tsa: Tsa, at: Time, options: TimestampOptions): Buffer {
  const hash = options.hash ?? 'sha256'
  const imprint = options.imprint ?? digest(hash, bytesOf(options.over))
  return sequence(
    integer(1),
    oid(options.policy ?? '1.3.6.1.4.1.57264.2'),
    sequence(sequence(oid(hashOids[hash]), nothing()), octets(imprint)),
    integer(options.serial ?? newSerial()),
    generalizedTime(at),
    sequence(integer(options.accuracySeconds ?? 1)),
    ...(options.nonce === undefined ? [] : [integer(options.nonce)]),
    explicit(0, explicit(4, tsa.leaf.name)),
  )
}

function signedAttributes(
  leaf: Certified,
  tsa: Tsa,
  at: Time,
  info: Buffer,
  hash: Hash,
  options: TimestampOptions,
): Buffer[] {
  const attribute = (type: string, value: Buffer) => sequence(oid(type), setOf(value))
  const infoDigest = digest(hash, info)
  const issuerSerial = sequence(sequence(explicit(4, tsa.root.name)), integer(leaf.serial))
  return [
    attribute('1.2.840.113549.1.9.3', oid(tstInfoType)),
    attribute('1.2.840.113549.1.9.5', time(at)),
    attribute('1.2.840.113549.1.9.4', octets(options.alter === 'message-digest' ? flip(infoDigest) : infoDigest)),
    ...(options.signingCertificate === false
      ? []
      : [
          attribute('1.2.840.113549.1.9.16.2.47', sequence(sequence(sequence(octets(sha256(leaf.der)), issuerSerial)))),
        ]),
  ]
}

const contentLength = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0)

function certificates(tsa: Tsa, wish: NonNullable<TimestampOptions['embedCertificates']>): readonly Uint8Array[] {
  if (wish === 'none') return []
  if (wish === 'leaf') return [tsa.leaf.der]
  return wish === 'chain' ? [tsa.leaf.der, tsa.root.der] : wish
}
