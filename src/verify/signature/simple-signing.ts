import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { decodeBase64 } from '../../core/base64.ts'
import { type Digest, digestOf } from '../../core/digest.ts'
import { canonicalJson, type Json, parseJson, wellFormed } from '../../core/json.ts'
import { documentsIn } from '../../core/json-lines.ts'
import type { Limits } from '../../core/limits.ts'
import type { Candidate, EntryMaterial, Holder, Read } from './candidate.ts'
import { rekorEntry, rekorMaterial } from './rekor-entry.ts'

/**
 * Cosign's legacy signatures: a layer whose annotations carry the signature over the layer's bytes
 * (cosign specs/SIGNATURE_SPEC.md), and what `cosign download signature` prints of the same.
 */
export type LegacyLayer = {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
  readonly annotations?: Readonly<Record<string, string>> | undefined
}

const keys = {
  signature: 'dev.cosignproject.cosign/signature',
  bundle: 'dev.sigstore.cosign/bundle',
  certificate: 'dev.sigstore.cosign/certificate',
  timestamp: 'dev.sigstore.cosign/rfc3161timestamp',
} as const

/** A legacy candidate has no bytes of its own: it is named by its layer's descriptor with the annotations. */
export const legacyId = (layer: LegacyLayer): Digest =>
  digestOf(
    canonicalJson(
      wellFormed({
        mediaType: layer.mediaType,
        digest: layer.digest,
        size: layer.size,
        ...(layer.annotations && { annotations: layer.annotations as Json }),
      }),
    ),
  )

export function readLegacyLayer(layer: LegacyLayer, payload: Uint8Array, limits: Limits): Read {
  const annotations = layer.annotations ?? {}
  return readLegacy(
    legacyId(layer),
    Buffer.from(payload),
    {
      signature: annotations[keys.signature],
      certificate: annotations[keys.certificate],
      bundle: annotations[keys.bundle],
      timestamp: annotations[keys.timestamp],
    },
    limits,
  )
}

type Parts = {
  readonly signature: string | undefined
  readonly certificate: string | undefined
  readonly bundle: string | undefined
  readonly timestamp: string | undefined
}

function readLegacy(id: Digest, payload: Buffer, parts: Parts, limits: Limits): Read {
  const lacking = (expected: string): Read => ({ id, outcome: 'fail', code: 'signature.malformed', expected })
  if (payload.length > limits.payloadBytes)
    return { id, outcome: 'error', code: 'limit.bytes', expected: String(limits.payloadBytes) }
  if (parts.signature === undefined || parts.signature === '') return lacking(`annotation ${keys.signature}`)
  const signature = decodeBase64(parts.signature)
  if (signature === undefined || signature.length === 0) return lacking('a signature in base64')
  const holder = holderOf(parts.certificate, { nobody: true })
  if (holder === undefined) return lacking('a certificate in PEM')
  const entries = parts.bundle === undefined ? [] : readLogBundle(parts.bundle, limits)
  if (entries === undefined) return lacking('a readable log promise')
  const timestamps = parts.timestamp === undefined ? [] : readTimestamp(parts.timestamp, limits)
  if (timestamps === undefined) return lacking('a readable timestamp')
  const candidate: Candidate = {
    id,
    form: 'simple-signing',
    content: { kind: 'simple-signing', payload, signature },
    holder,
    entries,
    timestamps,
    notes: [],
  }
  return candidate
}

/** Who the certificate beside a signature names; `otherwise` where there is none, undefined where it cannot be read. */
export function holderOf(pem: string | undefined, otherwise: Holder): Holder | undefined {
  if (pem === undefined || pem.trim() === '') return otherwise
  try {
    return { certificate: new X509Certificate(pem).raw }
  } catch {
    return undefined
  }
}

const logBundle = z.object({ SignedEntryTimestamp: z.string(), Payload: rekorEntry })

/** Rekor's SET over an entry, as cosign 2 keeps it. */
export function readLogBundle(text: string, limits: Limits): readonly EntryMaterial[] | undefined {
  const parsed = parseJson(text, limits.jsonDepth)
  if ('problem' in parsed) return undefined
  if (parsed.value === null) return []
  const checked = logBundle.safeParse(parsed.value)
  if (!checked.success) return undefined
  const { SignedEntryTimestamp, Payload } = checked.data
  const promise = decodeBase64(SignedEntryTimestamp)
  const material = rekorMaterial(Payload, limits.jsonDepth)
  return promise === undefined || material === undefined ? undefined : [{ ...material, promise }]
}

const timestampShape = z.object({ SignedRFC3161Timestamp: z.string() })

export function readTimestamp(text: string, limits: Limits): readonly Buffer[] | undefined {
  const parsed = parseJson(text, limits.jsonDepth)
  if ('problem' in parsed) return undefined
  if (parsed.value === null) return []
  const checked = timestampShape.safeParse(parsed.value)
  const bytes = checked.success ? decodeBase64(checked.data.SignedRFC3161Timestamp) : undefined
  return bytes === undefined ? undefined : [bytes]
}

const downloaded = z.object({
  Base64Signature: z.string().nullish(),
  Payload: z.string().nullish(),
  Cert: z.unknown().optional(),
  Bundle: z.unknown().optional(),
  RFC3161Timestamp: z.unknown().optional(),
})

/** What `cosign download signature` prints: an array, one object, or one object a line. One more than may be is read, so that the limit is seen. */
export function readDownloaded(bytes: Uint8Array, limits: Limits): readonly Read[] {
  const reads: Read[] = []
  for (const document of documentsIn(bytes, limits.jsonDepth, limits.candidates + 1)) {
    const parsed = parseJson(document, limits.jsonDepth)
    const elements: readonly unknown[] =
      'problem' in parsed ? [] : Array.isArray(parsed.value) ? parsed.value : [parsed.value]
    if ('problem' in parsed)
      reads.push({ id: digestOf(document), outcome: 'error', code: 'evidence.malformed', found: parsed.problem })
    for (const element of elements.slice(0, limits.candidates + 1 - reads.length))
      reads.push(readElement(element, limits))
  }
  return reads
}

function readElement(element: unknown, limits: Limits): Read {
  const id = digestOf(JSON.stringify(element) ?? '')
  const checked = downloaded.safeParse(element)
  const payload = checked.success ? decodeBase64(checked.data.Payload ?? '') : undefined
  if (!checked.success || payload === undefined) return { id, outcome: 'error', code: 'evidence.malformed' }
  const { Base64Signature, Cert, Bundle, RFC3161Timestamp } = checked.data
  // cosign prints its own Go structs: a certificate as {"Raw": …} or PEM text, absent parts as null.
  const text = (value: unknown) =>
    value === null || value === undefined ? undefined : typeof value === 'string' ? value : JSON.stringify(value)
  return readLegacy(
    id,
    payload,
    {
      signature: Base64Signature ?? undefined,
      certificate: certificateText(Cert),
      bundle: text(Bundle),
      timestamp: text(RFC3161Timestamp),
    },
    limits,
  )
}

function certificateText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'object' && 'Raw' in value && typeof value.Raw === 'string')
    return `-----BEGIN CERTIFICATE-----\n${value.Raw}\n-----END CERTIFICATE-----\n`
  return typeof value === 'string' ? value : 'unreadable'
}
