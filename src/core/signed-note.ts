import { decodeBase64 } from './base64.ts'

/**
 * A signed note (C2SP signed-note): text that ends in a newline, an empty line, signature lines
 * `— <name> <base64(4-byte key hint || signature)>`. Nothing is verified here.
 */
export type SignedNote = {
  /** The signed text, with its last newline. */
  readonly text: string
  readonly lines: readonly string[]
  readonly signatures: readonly { readonly name: string; readonly hint: Buffer; readonly signature: Buffer }[]
}

const signatureLine = /^\u2014 ([^\s+]+) (\S+)$/

/** undefined where the text is no signed note: strict, so that two readers cannot read two truths (T19). */
export function parseNote(envelope: string): SignedNote | undefined {
  const split = envelope.lastIndexOf('\n\n')
  if (split < 0 || !envelope.endsWith('\n') || envelope.length > 64 * 1024) return undefined
  const text = envelope.slice(0, split + 1)
  const tail = envelope.slice(split + 2, -1).split('\n')
  const signatures = tail.map((line) => {
    const [, name, encoded] = signatureLine.exec(line) ?? []
    const bytes = encoded === undefined ? undefined : decodeBase64(encoded)
    if (name === undefined || bytes === undefined || bytes.length < 5) return undefined
    return { name, hint: bytes.subarray(0, 4), signature: bytes.subarray(4) }
  })
  const good = signatures.filter((signature) => signature !== undefined)
  if (good.length === 0 || good.length !== signatures.length) return undefined
  return { text, lines: text.slice(0, -1).split('\n'), signatures: good }
}

/** What a checkpoint says (C2SP tlog-checkpoint): origin, size, root hash; further lines are extensions. */
export type Checkpoint = SignedNote & { readonly origin: string; readonly size: bigint; readonly root: Buffer }

export function parseCheckpoint(envelope: string): Checkpoint | undefined {
  const note = parseNote(envelope)
  if (note === undefined) return undefined
  const [origin, size, root] = note.lines
  if (
    origin === undefined ||
    origin.length === 0 ||
    size === undefined ||
    !/^(0|[1-9]\d{0,18})$/.test(size) ||
    root === undefined
  )
    return undefined
  const hash = decodeBase64(root)
  if (hash === undefined || hash.length !== 32) return undefined
  return { ...note, origin, size: BigInt(size), root: hash }
}
