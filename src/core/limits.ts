const KiB = 1024
const MiB = 1024 * KiB

/** Everything that comes from outside is bounded here and nowhere else. Bytes, counts, milliseconds. */
export const limits = Object.freeze({
  manifestBytes: 4 * MiB,
  payloadBytes: 1 * MiB,
  bundleBytes: 4 * MiB,
  attestationBytes: 32 * MiB,
  trustedRootBytes: 4 * MiB,
  policyBytes: 1 * MiB,
  requestLineBytes: 64 * MiB,
  givenBytes: 64 * MiB,
  jsonDepth: 64,
  candidates: 64,
  layers: 64,
  referrers: 256,
  referrerPages: 4,
  members: 128,
  redirects: 3,
  layoutBlobs: 10_000,
  logEntriesPerCandidate: 16,
  timestampsPerCandidate: 16,
  keysPerRequirement: 64,
  requirements: 64,
  rounds: 8,
  clockSkewMs: 5 * 60_000,
  requestMs: 120_000,
  connectMs: 10_000,
  answerMs: 30_000,
  parallelRequests: 8,
  batchParallel: 8,
  tokenBytes: 64 * KiB,
  cacheBytes: 1024 * MiB,
})

export type Limits = { readonly [K in keyof typeof limits]: number }
