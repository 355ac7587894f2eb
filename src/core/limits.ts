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
  /** Other answers that one look-up had before. */
  sightings: 32,
  redirects: 3,
  layoutBlobs: 10_000,
  archiveEntries: 100_000,
  /** Inflated: a release archive of Kong Mesh has under 1 GiB of programs, its `security-assets.tar.gz` some dozens of SBOMs. */
  archiveBytes: 2048 * MiB,
  assetsBytes: 512 * MiB,
  /** A file of a release that is downloaded. */
  releaseBytes: 8192 * MiB,
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
  /** R12: to connect, to say a status, between two pieces of a body, and for all of an answer. */
  connectMs: 3_000,
  answerBeginMs: 5_000,
  answerIdleMs: 5_000,
  answerMs: 30_000,
  parallelRequests: 8,
  attempts: 2,
  retryPauseMs: 250,
  retryWaitMs: 5_000,
  rateLimitMs: 60_000,
  rateLimitCapMs: 15 * 60_000,
  rateLimitShareMs: 1_000,
  helperMs: 10_000,
  trustRefreshMs: 5_000,
  trustRememberMs: 10 * 60_000,
  /** How often the service asks TUF, and again after it failed; both spread by a tenth. */
  trustEveryMs: 6 * 60 * 60_000,
  trustAgainMs: 10 * 60_000,
  trustLookMs: 60_000,
  trustLeaseMs: 60_000,
  asideMs: 3_000,
  rememberFoundMs: 10 * 60_000,
  rememberAbsentMs: 60_000,
  batchParallel: 8,
  tokenBytes: 64 * KiB,
  runBytes: 512 * MiB,
  cacheBytes: 1024 * MiB,
  databaseConnections: 10,
  databaseWaitMs: 2_000,
  statementMs: 10_000,
  transactionAttempts: 3,
  /** R6: with less room than this on the disk of the data folder nothing is written; more than one statement can take. */
  diskReserveBytes: 128 * MiB,
  /** Requests that wait or run; more are sent away (R18). */
  openRequests: 50_000,
  openCountMs: 1_000,
  /** A worker that does not renew its lease within this time has died. */
  leaseMs: 60_000,
  leaseRenewMs: 15_000,
  requestAttempts: 3,
  requestBackoffMs: 5_000,
  sweepMs: 10_000,
  /** After a sweep that failed: the database or the queue may be back at any moment. */
  sweepAgainMs: 1_000,
  vacuumMs: 5 * 60_000,
  sweepRows: 500,
  queueWaitMs: 2_000,
  /** A job whose worker says nothing for this long is taken by another one. */
  jobLockMs: 30_000,
  workerParallel: 4,
  /** A request that judges longer than its time and this ends its thread. */
  judgeMs: 30_000,
  threadHeapMiB: 256,
  /** What is judged again: at a time, waiting, and requests of one page where all are. */
  replayParallel: 2,
  replayQueue: 32,
  replayRows: 200,
  progressMs: 500,
  /** R16: no longer ready, but still answering; then what runs has this long to end. */
  lameDuckMs: 5_000,
  drainMs: 8_000,
  traceFlushMs: 2_000,
  httpHeadersMs: 5_000,
  httpRequestMs: 15_000,
  httpKeepAliveMs: 15_000,
  idempotencyMs: 24 * 60 * 60_000,
  bodyBytes: 32 * MiB,
  /** What a form of a page sends. */
  formBytes: 64 * KiB,
  formFields: 32,
  batchLines: 10_000,
  /** Lines that are kept in one transaction. */
  batchAtOnce: 100,
  pageRows: 200,
  exportRows: 500,
  /** Longest `Prefer: wait`, and how many may wait. */
  waitMs: 60_000,
  waiters: 64,
  eventStreams: 64,
  eventCommentMs: 15_000,
  eventBytes: 256 * KiB,
  signInLinkMs: 60 * 60_000,
  sessionIdleMs: 30 * 60_000,
  sessionMs: 12 * 60 * 60_000,
  sessionTouchMs: 30_000,
  tokenMs: 90 * 24 * 60 * 60_000,
  tokenMostMs: 366 * 24 * 60 * 60_000,
  /** Requests a minute of one principal, of one address that showed nothing, and of one that showed what is not ours. */
  ratePrincipal: 6_000,
  rateAddress: 600,
  rateRefused: 60,
  rateWindowMs: 60_000,
  rateKeys: 10_000,
  documentNames: 1_000,
  /** How long what was found out for `/readyz` is good. */
  readyMs: 1_000,
})

export type Limits = { readonly [K in keyof typeof limits]: number }
