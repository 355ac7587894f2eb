import { z } from 'zod'
import { digestOf } from '../../core/digest.ts'
import { base64Field } from '../../core/fields.ts'
import { parseOnce } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'
import { firstPlace } from '../../core/pointer.ts'
import type { Read } from './candidate.ts'
import { holderOf, type LegacyLayer, legacyId, readLogBundle, readTimestamp } from './simple-signing.ts'

/**
 * A bare DSSE envelope (secure-systems-lab/dsse envelope.md): alone in a file, its certificate beside the signature; or as a
 * layer of a legacy `.att` manifest, whose annotations carry certificate, log promise and timestamp.
 */
const envelope = z.object({
  payloadType: z.string(),
  payload: base64Field,
  signatures: z.array(z.object({ sig: base64Field, keyid: z.string().nullish(), cert: z.string().nullish() })),
})

export function readEnvelope(bytes: Uint8Array, limits: Limits, layer?: LegacyLayer): Read {
  const id = layer === undefined ? digestOf(bytes) : legacyId(layer)
  const parsed = parseOnce(bytes, limits.jsonDepth)
  if ('problem' in parsed) return { id, outcome: 'error', code: 'bundle.malformed', found: parsed.problem }
  if (parsed.duplicateKey !== undefined)
    return { id, outcome: 'error', code: 'bundle.malformed', found: parsed.duplicateKey }
  const checked = envelope.safeParse(parsed.value)
  if (!checked.success) return { id, outcome: 'error', code: 'bundle.malformed', found: firstPlace(checked.error) }
  const { payloadType, payload, signatures } = checked.data
  const [signature, second] = signatures
  const lacking = (expected: string): Read => ({ id, outcome: 'fail', code: 'signature.malformed', expected })
  if (signature === undefined || second !== undefined || signature.sig.length === 0)
    return lacking('exactly one signature in the envelope') // T51
  const annotations = layer?.annotations ?? {}
  const pem = annotations['dev.sigstore.cosign/certificate'] ?? signature.cert ?? undefined
  const holder = holderOf(pem, { hint: signature.keyid ?? '' })
  if (holder === undefined) return lacking('a certificate in PEM')
  const entries = readLogBundle(annotations['dev.sigstore.cosign/bundle'] ?? 'null', limits)
  if (entries === undefined) return lacking('a readable log promise')
  const timestamps = readTimestamp(annotations['dev.sigstore.cosign/rfc3161timestamp'] ?? 'null', limits)
  if (timestamps === undefined) return lacking('a readable timestamp')
  return {
    id,
    // With a manifest around it the envelope is complete: what it lacks is absent, not open (T14).
    form: layer === undefined ? 'envelope' : 'simple-signing',
    content: { kind: 'dsse', payloadType, payload, signature: signature.sig },
    holder,
    entries,
    timestamps,
    timestamped: Buffer.from(bytes),
    notes: [],
  }
}
