import type { EvidenceStore } from '../../core/observation.ts'

/** Reads from the first that has it, and keeps it there; writes to both. */
export function layered(first: EvidenceStore, second: EvidenceStore): EvidenceStore {
  return {
    async get(digest) {
      const near = await first.get(digest)
      if (near !== undefined) return near
      const far = await second.get(digest)
      if (far !== undefined) await first.put(far, 'application/octet-stream')
      return far
    },
    async put(bytes, mediaType) {
      const digest = await first.put(bytes, mediaType)
      await second.put(bytes, mediaType)
      return digest
    },
  }
}
