/** Checkpoints: signed notes (c2sp.org/signed-note, c2sp.org/tlog-checkpoint; Rekor v1 signs with ECDSA). */
import { sha256 } from './bytes.ts'
import { type Key, newKey, signBytes } from './keys.ts'

export interface NoteSigner {
  name: string
  /** The first four bytes before each signature. */
  keyHint: Uint8Array
  key: Key
}

/** Note key id of an Ed25519 key: SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key), 32 bytes; its first four are the hint. */
export function noteKeyId(name: string, key: Key): Buffer {
  return sha256(Buffer.from(`${name}\n`, 'utf8'), Buffer.from([1]), key.spki.subarray(-32))
}

/** A signer that nobody knows: a witness, or an attacker who uses another's name or hint. */
export function strangeSigner(name = 'witness.authority.test', keyHint?: Uint8Array): NoteSigner {
  const key = newKey('ed25519')
  return { name, key, keyHint: keyHint ?? noteKeyId(name, key).subarray(0, 4) }
}

export interface CheckpointOptions {
  origin?: string
  size?: number | string
  root?: Uint8Array
  /** Lines after the root hash. */
  extraLines?: readonly string[]
  /** Parts that are left out: lines (and what is signed), the blank line, the signatures. */
  omit?: readonly ('origin' | 'size' | 'root' | 'blank' | 'signatures')[]
  /** Any change of the lines before they are signed, e.g. their order. */
  lines?: (lines: string[]) => string[]
  /** Name and hint on the log's signature line. */
  name?: string
  keyHint?: Uint8Array
  /** Another key than the log's. */
  key?: Key
  /** More signatures over the same text. */
  extraSignatures?: readonly NoteSigner[]
  /** Where they stand. */
  extraFirst?: boolean
  /** Any change of the whole after signing. */
  alter?: (envelope: string) => string
}

export interface CheckpointFacts {
  origin: string
  size: number
  root: Uint8Array
  signer: NoteSigner
}

export function checkpoint(facts: CheckpointFacts, options: CheckpointOptions = {}): string {
  const omit = new Set(options.omit)
  const root = options.root ?? facts.root
  let lines = [
    ...(omit.has('origin') ? [] : [options.origin ?? facts.origin]),
    ...(omit.has('size') ? [] : [String(options.size ?? facts.size)]),
    ...(omit.has('root') ? [] : [Buffer.from(root).toString('base64')]),
    ...(options.extraLines ?? []),
  ]
  if (options.lines !== undefined) lines = options.lines(lines)
  const text = lines.map((line) => `${line}\n`).join('')
  const own: NoteSigner = {
    name: options.name ?? facts.signer.name,
    keyHint: options.keyHint ?? facts.signer.keyHint,
    key: options.key ?? facts.signer.key,
  }
  const extra = options.extraSignatures ?? []
  const signers = omit.has('signatures') ? [] : options.extraFirst === true ? [...extra, own] : [own, ...extra]
  const signatures = signers.map((signer) => signatureLine(text, signer)).join('')
  const envelope = `${text}${omit.has('blank') ? '' : '\n'}${signatures}`
  return options.alter === undefined ? envelope : options.alter(envelope)
}

/** `— name base64(hint ‖ signature)` over the text. */
export function signatureLine(text: string, signer: NoteSigner): string {
  const signature = signBytes(signer.key, Buffer.from(text, 'utf8'), 'sha256')
  return `\u2014 ${signer.name} ${Buffer.concat([signer.keyHint, signature]).toString('base64')}\n`
}
