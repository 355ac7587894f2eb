import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { decodeBase64 } from '../../core/base64.ts'
import { parseJson } from '../../core/json.ts'
import type { KeptCertificate } from '../certificate/kept-certificate.ts'
import { digestBytes, type Hash } from './algorithm.ts'
import type { Content, EntryMaterial } from './candidate.ts'

/**
 * What the body of a log entry says beside what the library compares: who signed (L4), with which hash (L14),
 * and all of `intoto` 0.0.1, which the library does not speak (L16).
 */
export type EntryBody = {
  readonly kind: 'known'
  readonly verifier: Buffer | undefined
  readonly hash: Hash | undefined
  readonly payloadHash: string | undefined
}

const hash = z.object({ algorithm: z.string().optional(), value: z.string().optional() }).optional()
const verifierV2 = z
  .object({
    x509Certificate: z.object({ rawBytes: z.string() }).optional(),
    publicKey: z.object({ rawBytes: z.string() }).optional(),
  })
  .optional()
const shapes = {
  'hashedrekord 0.0.1': z
    .object({
      spec: z.object({
        signature: z.object({ publicKey: z.object({ content: z.string() }) }),
        data: z.object({ hash }),
      }),
    })
    .transform(({ spec }) => ({
      pem: spec.signature.publicKey.content,
      raw: undefined,
      hash: spec.data.hash?.algorithm,
      payloadHash: undefined,
    })),
  'dsse 0.0.1': z
    .object({
      spec: z.object({
        payloadHash: z.object({ value: z.string() }).optional(),
        signatures: z.array(z.object({ verifier: z.string() })).length(1),
      }),
    })
    .transform(({ spec }) => ({
      pem: spec.signatures[0]?.verifier,
      raw: undefined,
      hash: undefined,
      payloadHash: spec.payloadHash?.value,
    })),
  'intoto 0.0.2': z
    .object({
      spec: z.object({
        content: z.object({
          envelope: z.object({ signatures: z.array(z.object({ publicKey: z.string() })).length(1) }),
          payloadHash: z.object({ value: z.string() }).optional(),
        }),
      }),
    })
    .transform(({ spec }) => ({
      pem: spec.content.envelope.signatures[0]?.publicKey,
      raw: undefined,
      hash: undefined,
      payloadHash: spec.content.payloadHash?.value,
    })),
  'intoto 0.0.1': z
    .object({
      // The library compares these for the kinds it speaks; this one is ours alone (L16).
      kind: z.literal('intoto'),
      apiVersion: z.literal('0.0.1'),
      spec: z.object({
        publicKey: z.string(),
        content: z.object({ payloadHash: z.object({ algorithm: z.literal('sha256'), value: z.string() }) }),
      }),
    })
    .transform(({ spec }) => ({
      pem: spec.publicKey,
      raw: undefined,
      hash: undefined,
      payloadHash: spec.content.payloadHash.value,
    })),
  'hashedrekord 0.0.2': z
    .object({
      spec: z.object({
        hashedRekordV002: z.object({
          data: z.object({ algorithm: z.string() }),
          signature: z.object({ verifier: verifierV2 }),
        }),
      }),
    })
    .transform(({ spec: { hashedRekordV002: it } }) => ({
      pem: undefined,
      raw: it.signature.verifier,
      hash: it.data.algorithm,
      payloadHash: undefined,
    })),
} as const

const hashes: Readonly<Record<string, Hash>> = {
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
  SHA2_256: 'sha256',
  SHA2_384: 'sha384',
  SHA2_512: 'sha512',
}

export function readEntryBody(entry: EntryMaterial, maxDepth: number): EntryBody | 'unsupported' | 'malformed' {
  const kind = `${entry.kind} ${entry.version}`
  if (!Object.hasOwn(shapes, kind)) return 'unsupported'
  const parsed = parseJson(entry.body, maxDepth)
  if ('problem' in parsed || parsed.duplicateKey !== undefined) return 'malformed'
  const checked = shapes[kind as keyof typeof shapes].safeParse(parsed.value)
  if (!checked.success) return 'malformed'
  const { pem, raw, hash: named, payloadHash } = checked.data
  const verifier =
    pem !== undefined ? derOfPem(pem) : decodeBase64(raw?.x509Certificate?.rawBytes ?? raw?.publicKey?.rawBytes ?? '')
  return {
    kind: 'known',
    verifier: verifier?.length === 0 ? undefined : verifier,
    hash: named === undefined ? undefined : hashes[named],
    payloadHash,
  }
}

function derOfPem(encoded: string): Buffer | undefined {
  const text = decodeBase64(encoded)?.toString('latin1') ?? ''
  const [, body] = /-----BEGIN (?:CERTIFICATE|PUBLIC KEY)-----([A-Za-z0-9+/=\s]+)-----END/.exec(text) ?? []
  return body === undefined ? undefined : Buffer.from(body, 'base64')
}

/** L4, T17: the entry names the very certificate, or the very key, with which the signature is checked. */
export function namesSigner(body: EntryBody, signer: KeptCertificate | KeyObject): boolean {
  const { verifier } = body
  if (verifier === undefined) return false
  if ('der' in signer) return signer.der.equals(verifier)
  try {
    return (
      isCertificate(verifier)
        ? new X509Certificate(verifier).publicKey
        : createPublicKey({ key: verifier, format: 'der', type: 'spki' })
    ).equals(signer)
  } catch {
    return false
  }
}

/** A certificate's first child is a sequence whose first child is [0] or a number; a key's is an algorithm's OID. */
function isCertificate(der: Buffer): boolean {
  try {
    void new X509Certificate(der)
    return true
  } catch {
    return false
  }
}

/** L16: the body of intoto 0.0.1 names the payload's hash and the key, not the signature; the key was compared above. */
export const matchesIntoto001 = (body: EntryBody, content: Content): boolean =>
  content.kind === 'dsse' && body.payloadHash === digestBytes('sha256', content.payload).toString('hex')
