import { z } from 'zod'
import { type Digest, digestOf } from '../../core/digest.ts'
import { base64Field } from '../../core/fields.ts'
import { parseOnce } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'
import { firstPlace } from '../../core/pointer.ts'
import type { Candidate, CandidateNote, Content, EntryMaterial, Form, Holder, Read } from './candidate.ts'

/**
 * Reads a Sigstore bundle v0.1, v0.2, v0.3 (sigstore_bundle.proto, JSON form). Stricter than the library (L11): base64Field must
 * re-encode to itself, two contents are refused, unknown fields are noted.
 */
/** protobuf's JSON prints 64-bit numbers as strings; some writers print numbers. */
const int64 = z.union([z.string().regex(/^(0|-?[1-9]\d{0,18})$/), z.number().int().transform(String)])
const rawBytes = z.object({ rawBytes: base64Field })

const proof = z.object({
  logIndex: int64.default('0'),
  rootHash: base64Field.default(Buffer.alloc(0)),
  treeSize: int64.default('0'),
  hashes: z.array(base64Field).max(64).default([]),
  checkpoint: z.object({ envelope: z.string() }).optional(),
})
const entry = z.object({
  logIndex: int64.default('0'),
  logId: z.object({ keyId: base64Field }),
  kindVersion: z.object({ kind: z.string(), version: z.string() }).optional(),
  integratedTime: int64.default('0'),
  inclusionPromise: z.object({ signedEntryTimestamp: base64Field }).nullish(),
  inclusionProof: proof.nullish(),
  canonicalizedBody: base64Field,
})

const bundle = z.object({
  mediaType: z.string(),
  verificationMaterial: z.object({
    certificate: rawBytes.optional(),
    x509CertificateChain: z.object({ certificates: z.array(rawBytes).min(1).max(16) }).optional(),
    publicKey: z.object({ hint: z.string().default('') }).optional(),
    tlogEntries: z.array(entry).default([]),
    timestampVerificationData: z
      .object({ rfc3161Timestamps: z.array(z.object({ signedTimestamp: base64Field })).nullish() })
      .nullish(),
  }),
  messageSignature: z
    .object({
      messageDigest: z.object({ algorithm: z.union([z.string(), z.number()]), digest: base64Field }).optional(),
      signature: base64Field,
    })
    .optional(),
  dsseEnvelope: z
    .object({
      payload: base64Field,
      payloadType: z.string(),
      signatures: z.array(z.object({ sig: base64Field, keyid: z.string().optional() })),
    })
    .optional(),
})

const known: ReadonlySet<string> = new Set([
  'mediaType',
  'verificationMaterial',
  'messageSignature',
  'dsseEnvelope',
  'certificate',
  'x509CertificateChain',
  'publicKey',
  'tlogEntries',
  'timestampVerificationData',
])
const versions: Readonly<Record<string, Form>> = { '0.1': 'bundle-v0.1', '0.2': 'bundle-v0.2', '0.3': 'bundle-v0.3' }
const mediaType = /^application\/vnd\.dev\.sigstore\.bundle(?:\+json;version=(\d+\.\d+)|\.v(\d+\.\d+)\+json)$/
const hashNames: Readonly<Record<string, 'sha256' | 'sha384' | 'sha512'>> = {
  SHA2_256: 'sha256',
  '1': 'sha256',
  SHA2_384: 'sha384',
  '2': 'sha384',
  SHA2_512: 'sha512',
  '3': 'sha512',
}

/** Whether JSON of a stranger claims to be a bundle at all. */
export const looksLikeBundle = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  ('verificationMaterial' in value || ('mediaType' in value && /sigstore\.bundle/.test(String(value.mediaType))))

export function readBundle(bytes: Uint8Array, limits: Limits): Read {
  const id = digestOf(bytes)
  if (bytes.length > limits.bundleBytes)
    return {
      id,
      outcome: 'error',
      code: 'limit.bytes',
      expected: String(limits.bundleBytes),
      found: String(bytes.length),
    }
  const parsed = parseOnce(bytes, limits.jsonDepth)
  if ('problem' in parsed) return { id, outcome: 'error', code: 'bundle.malformed', found: parsed.problem }
  if (parsed.duplicateKey !== undefined)
    return { id, outcome: 'error', code: 'bundle.malformed', found: 'duplicate-key' }
  return readBundleValue(parsed.value, id, limits)
}

export function readBundleValue(value: unknown, id: Digest, limits: Limits): Read {
  const strict = bundle.safeParse(value)
  const checked = strict.success ? strict : bundle.safeParse(withoutNulls(value))
  if (!checked.success) return { id, outcome: 'error', code: 'bundle.malformed', found: firstPlace(checked.error) }
  const { data } = checked
  const [, long, short] = mediaType.exec(data.mediaType) ?? []
  const form = versions[long ?? short ?? '']
  if (form === undefined)
    return { id, outcome: 'error', code: 'bundle.unsupported', found: data.mediaType.slice(0, 100) }
  if (data.messageSignature !== undefined && data.dsseEnvelope !== undefined)
    return { id, outcome: 'fail', code: 'bundle.ambiguous' }
  const lacking = (expected: string): Read => ({ id, outcome: 'fail', code: 'signature.malformed', expected })
  const content = contentOf(data)
  if (typeof content === 'string') return lacking(content)
  const { verificationMaterial: material } = data
  const holders: Holder[] = []
  if (material.certificate !== undefined) holders.push({ certificate: material.certificate.rawBytes })
  // T13: only the leaf is taken from a bundle; what else it brings vouches for nothing.
  const [leaf] = material.x509CertificateChain?.certificates ?? []
  if (leaf !== undefined) holders.push({ certificate: leaf.rawBytes })
  if (material.publicKey !== undefined) holders.push({ hint: material.publicKey.hint })
  const [holder, second] = holders
  if (holder === undefined || second !== undefined) return lacking('exactly one certificate or key hint')
  // sigstore_bundle.proto: v0.1 brings the promise, the others the proof (L9).
  if (form === 'bundle-v0.1' && material.tlogEntries.some((one) => !one.inclusionPromise))
    return lacking('a promise for each log entry, as bundles of v0.1 have it')
  const entries = material.tlogEntries
  const times = material.timestampVerificationData?.rfc3161Timestamps ?? []
  if (entries.length > limits.logEntriesPerCandidate || times.length > limits.timestampsPerCandidate)
    return {
      id,
      outcome: 'error',
      code: 'limit.bytes',
      expected: `${limits.logEntriesPerCandidate} entries and timestamps`,
    }
  const converted = entries.map(toEntry)
  const good = converted.filter((one) => one !== undefined)
  if (good.length !== converted.length) return lacking('kindVersion and checkpoint of each log entry')
  const candidate: Candidate = {
    id,
    form,
    content,
    holder,
    entries: good,
    timestamps: times.map((one) => one.signedTimestamp),
    notes: unknownFields(value),
  }
  return candidate
}

/** In protobuf's JSON a null is a field that is not there. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutNulls)
  const kept = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutNulls(member)]))
}

type Parsed = z.output<typeof bundle>

function contentOf({ messageSignature, dsseEnvelope }: Parsed): Content | string {
  if (dsseEnvelope !== undefined) {
    const [signature, second] = dsseEnvelope.signatures
    if (signature === undefined || second !== undefined || signature.sig.length === 0)
      return 'exactly one signature in the envelope'
    if (dsseEnvelope.payload.length === 0) return 'a payload'
    return {
      kind: 'dsse',
      payloadType: dsseEnvelope.payloadType,
      payload: dsseEnvelope.payload,
      signature: signature.sig,
    }
  }
  if (messageSignature === undefined) return 'a message signature or an envelope'
  if (messageSignature.signature.length === 0) return 'a signature'
  const { messageDigest } = messageSignature
  const hash = messageDigest === undefined ? undefined : hashNames[String(messageDigest.algorithm)]
  if (messageDigest !== undefined && hash === undefined) return 'a SHA-2 message digest'
  return {
    kind: 'message',
    signature: messageSignature.signature,
    ...(messageDigest !== undefined && hash !== undefined && { digest: { hash, value: messageDigest.digest } }),
  }
}

function toEntry(data: z.output<typeof entry>): EntryMaterial | undefined {
  const { kindVersion, inclusionPromise, inclusionProof } = data
  if (kindVersion === undefined || (inclusionProof && inclusionProof.checkpoint === undefined)) return undefined
  return {
    logIndex: data.logIndex,
    logId: data.logId.keyId,
    kind: kindVersion.kind,
    version: kindVersion.version,
    integratedTime: data.integratedTime,
    body: data.canonicalizedBody,
    ...(inclusionPromise && { promise: inclusionPromise.signedEntryTimestamp }),
    ...(inclusionProof?.checkpoint && {
      proof: {
        logIndex: inclusionProof.logIndex,
        rootHash: inclusionProof.rootHash,
        treeSize: inclusionProof.treeSize,
        hashes: inclusionProof.hashes,
        checkpoint: inclusionProof.checkpoint.envelope,
      },
    }),
  }
}

function unknownFields(value: unknown): readonly CandidateNote[] {
  const names: string[] = []
  const top = value as { verificationMaterial?: object }
  for (const object of [top, top.verificationMaterial ?? {}])
    for (const key of Object.keys(object)) if (!known.has(key)) names.push(key.slice(0, 64))
  return names.length === 0 ? [] : [{ code: 'bundle.fields-unknown', found: names.slice(0, 8).join(', ') }]
}
