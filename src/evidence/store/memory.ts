import type { Digest } from '../../core/digest.ts'
import { digestOf } from '../../core/digest.ts'
import type { EvidenceStore } from '../../core/observation.ts'

/** Evidence of one run. Bounded by the limits on what is asked, so it needs no eviction of its own. */
export function memoryStore(): EvidenceStore {
  const held = new Map<Digest, Uint8Array>()
  return {
    get: (digest) => Promise.resolve(held.get(digest)),
    put: (bytes) => {
      const digest = digestOf(bytes)
      held.set(digest, bytes)
      return Promise.resolve(digest)
    },
  }
}
