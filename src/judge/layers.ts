import type { Digest } from '../core/digest.ts'
import type { Limits } from '../core/limits.ts'
import type { Question } from '../core/observation.ts'
import { mediaTypes } from '../core/oci.ts'
import type { Name } from '../core/reference.ts'

/** A layer that may hold a candidate, by its media type; what else stands beside is not asked for (T30, T34). */
export const isCandidateLayer = (mediaType: string): boolean => limitOf(mediaType, zero) !== undefined

const zero = { payloadBytes: 0, bundleBytes: 0, attestationBytes: 0 }

/** How large such a layer may be (T38). */
function limitOf(
  mediaType: string,
  limits: Pick<Limits, 'payloadBytes' | 'bundleBytes' | 'attestationBytes'>,
): number | undefined {
  if (mediaType === mediaTypes.simpleSigning) return limits.payloadBytes
  if (mediaType === mediaTypes.dsse) return limits.attestationBytes
  return /^application\/vnd\.dev\.sigstore\.bundle[.+]/.test(mediaType) ? limits.bundleBytes : undefined
}

/** The one question for a layer; `ask` poses it and the collector of candidates looks its answer up. */
export function layerQuestion(
  image: Name,
  layer: { readonly mediaType: string; readonly digest: Digest },
  limits: Limits,
): Extract<Question, { ask: 'blob' }> | undefined {
  const limit = limitOf(layer.mediaType, limits)
  return limit === undefined ? undefined : { ask: 'blob', image, digest: layer.digest, limit }
}
