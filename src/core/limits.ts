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
  /** Values and keys of one document. */
  jsonParts: 1_000_000,
  statementTextBytes: 1 * MiB,
  statementSubjects: 1024,
  subjectDigests: 32,
  candidates: 64,
  layers: 64,
  referrers: 256,
  referrerPages: 4,
  members: 128,
  redirects: 3,
  layoutBlobs: 10_000,
  archiveEntries: 100_000,
  /** Inflated: a release archive of Kong Mesh has under 1 GiB of programs, its `security-assets.tar.gz` some dozens of SBOMs. */
  archiveBytes: 2048 * MiB,
  assetsBytes: 512 * MiB,
  /** Inflated over compressed bytes, once more than `…From` came out; programs pack to a third, SBOMs to a twentieth. */
  archiveRatio: 200,
  archiveRatioFrom: 1 * MiB,
  archiveLargeRatio: 50,
  archiveLargeFrom: 64 * MiB,
  /** Bytes of names and headers between two entries, which a reader has to hold. */
  archiveHeaderBytes: 1 * MiB,
  archiveNameBytes: 4096,
  archiveNamesBytes: 16 * MiB,
  logEntriesPerCandidate: 16,
  timestampsPerCandidate: 16,
  /** One answer of a transparency log, and all the entries of one look-up. */
  logAnswerBytes: 4 * MiB,
  logEntriesBytes: 32 * MiB,
  keysPerRequirement: 64,
  requirements: 64,
  rounds: 8,
  clockSkewMs: 5 * 60_000,
  requestMs: 120_000,
  connectMs: 10_000,
  answerMs: 30_000,
  parallelRequests: 8,
  attempts: 2,
  retryPauseMs: 250,
  retryWaitMs: 5_000,
  rateLimitMs: 60_000,
  rateLimitCapMs: 15 * 60_000,
  helperMs: 10_000,
  trustRefreshMs: 5_000,
  asideMs: 3_000,
  rememberFoundMs: 10 * 60_000,
  rememberAbsentMs: 60_000,
  batchParallel: 8,
  tokenBytes: 64 * KiB,
  runBytes: 512 * MiB,
  cacheBytes: 1024 * MiB,
})

export type Limits = { readonly [K in keyof typeof limits]: number }
