/** Two transparency logs with real trees: Rekor 1 (promise, proof, ECDSA checkpoint) and rekor-tiles (proof, Ed25519). */
import { flipBase64, sha256 } from './bytes.ts'
import { type CheckpointOptions, checkpoint, type NoteSigner, noteKeyId } from './checkpoint.ts'
import { type Key, type KeyAlgorithm, newKey, signBytes } from './keys.ts'
import { type Body, type BodyOptions, bodyV1, bodyV2, type Signed } from './log-bodies.ts'
import { append, emptyTree, prove, type Tree, treeSize } from './merkle.ts'
import { type Time, unixSeconds } from './time.ts'

export interface Log {
  baseUrl: string
  key: Key
  logId: Buffer
  /** First line of its checkpoints. */
  origin: string
  signer: NoteSigner
  tree: Tree
  /** What the entry's index has beyond the index in the tree (Rekor 1 counts on over its shards). */
  indexOffset: number
}

export interface InclusionProofJson {
  logIndex: string
  rootHash: string
  treeSize: string
  hashes: string[]
  checkpoint?: { envelope: string }
}

/** `TransparencyLogEntry` of protobuf-specs as JSON. */
export interface LogEntry {
  logIndex: string
  logId: { keyId: string }
  kindVersion: { kind: string; version: string }
  integratedTime?: string
  inclusionPromise?: { signedEntryTimestamp: string }
  inclusionProof?: InclusionProofJson
  canonicalizedBody: string
}

/** Entries of strangers that every log begins with, so that proofs are never empty. */
const strangers = 5

export function createLogV1(baseUrl = 'https://rekor.authority.test', algorithm: KeyAlgorithm = 'p256'): Log {
  const key = newKey(algorithm)
  const logId = sha256(key.spki)
  const name = new URL(baseUrl).host
  const signer = { name, key, keyHint: logId.subarray(0, 4) }
  return {
    baseUrl,
    key,
    logId,
    origin: `${name} - 4203498189747106267`,
    signer,
    tree: startedTree(name),
    indexOffset: 1000,
  }
}

/** The log id is the whole note key id, as in the trusted roots of the public and the staging instance. */
export function createLogV2(baseUrl = 'https://rekor2.authority.test'): Log {
  const key = newKey('ed25519')
  const name = new URL(baseUrl).host
  const logId = noteKeyId(name, key)
  const signer = { name, key, keyHint: logId.subarray(0, 4) }
  return { baseUrl, key, logId, origin: name, signer, tree: startedTree(name), indexOffset: 0 }
}

function startedTree(name: string): Tree {
  const tree = emptyTree()
  for (let index = 0; index < strangers; index += 1)
    append(tree, Buffer.from(`entry ${index} of a stranger in ${name}`))
  return tree
}

export interface LogOptions extends BodyOptions {
  /** Another log than the authority's. */
  log?: Log
  /** Changes the body before it is logged (in place, or by returning another, or its text): the log vouches for that one. */
  body?: (body: Body) => unknown
  /** Adds so many leaves after the entry before the proof is made. */
  laterLeaves?: number
  checkpoint?: CheckpointOptions
  /** Changes the entry after all was signed. */
  alter?: (entry: LogEntry) => void
}

export interface LogV1Options extends LogOptions {
  integratedTime?: Time
  /** Inclusion promise (SET); default true. */
  promise?: boolean
  /** Inclusion proof with checkpoint; default true. */
  proof?: boolean
}

/** Logs into Rekor 1. */
export function logV1(own: Log, signed: Signed, at: Time, options: LogV1Options = {}): LogEntry {
  const log = options.log ?? own
  const { entry, body, index } = newEntry(log, bodyV1(signed, options), options)
  const integratedTime = unixSeconds(options.integratedTime ?? at)
  entry.integratedTime = String(integratedTime)
  if (options.promise !== false) {
    const promised = {
      body: body.toString('base64'),
      integratedTime,
      logID: log.logId.toString('hex'),
      logIndex: index + log.indexOffset,
    }
    const signature = signBytes(log.key, Buffer.from(JSON.stringify(promised)))
    entry.inclusionPromise = { signedEntryTimestamp: signature.toString('base64') }
  }
  if (options.proof !== false) entry.inclusionProof = proof(log, index, options)
  return finished(entry, options)
}

export interface LogV2Options extends LogOptions {
  proof?: boolean
}

/** Logs into rekor-tiles: no promise, no time. */
export function logV2(own: Log, signed: Signed, options: LogV2Options = {}): LogEntry {
  const log = options.log ?? own
  const { entry, index } = newEntry(log, bodyV2(signed, options), options)
  if (options.proof !== false) entry.inclusionProof = proof(log, index, options)
  return finished(entry, options)
}

function newEntry(log: Log, plain: Body, options: LogOptions): { entry: LogEntry; body: Buffer; index: number } {
  const draft = structuredClone(plain)
  const changed = options.body === undefined ? plain : (options.body(draft) ?? draft)
  const body = Buffer.from(typeof changed === 'string' ? changed : JSON.stringify(changed))
  const index = append(log.tree, body)
  for (let count = 0; count < (options.laterLeaves ?? 0); count += 1)
    append(log.tree, Buffer.from(`after ${index}: ${count}`))
  const entry: LogEntry = {
    logIndex: String(index + log.indexOffset),
    logId: { keyId: log.logId.toString('base64') },
    kindVersion: { kind: plain.kind, version: plain.apiVersion },
    canonicalizedBody: body.toString('base64'),
  }
  return { entry, body, index }
}

function proof(log: Log, index: number, options: LogOptions): InclusionProofJson {
  const { root, hashes, size } = prove(log.tree, index)
  const envelope = checkpoint({ origin: log.origin, size, root, signer: log.signer }, options.checkpoint)
  return {
    logIndex: String(index),
    rootHash: root.toString('base64'),
    treeSize: String(size),
    hashes: hashes.map((hash) => hash.toString('base64')),
    checkpoint: { envelope },
  }
}

function finished(entry: LogEntry, options: LogOptions): LogEntry {
  options.alter?.(entry)
  return entry
}

/** Ready-made alterations for `alter`. */
export const breakPromise = (entry: LogEntry): void => {
  if (entry.inclusionPromise === undefined) throw new Error('the entry has no promise')
  entry.inclusionPromise.signedEntryTimestamp = flipBase64(entry.inclusionPromise.signedEntryTimestamp)
}

export const breakProof = (entry: LogEntry): void => {
  const first = entry.inclusionProof?.hashes[0]
  if (entry.inclusionProof === undefined || first === undefined) throw new Error('the entry has no proof')
  entry.inclusionProof.hashes[0] = flipBase64(first)
}

/** One second later than the log said. */
export const breakTime = (entry: LogEntry): void => {
  entry.integratedTime = String(Number(entry.integratedTime ?? 0) + 1)
}

/** How many leaves a log has. */
export const logSize = (log: Log): number => treeSize(log.tree)
