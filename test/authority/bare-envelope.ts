/** Provenance as the generic generator wrote it before 2.1.0: one envelope, its certificate beside the signature; the log knows it. */
import type { Authority } from './authority.ts'
import { sha256 } from './bytes.ts'
import type { GithubOptions } from './github.ts'
import type { Issued } from './leaf.ts'
import type { LogEntry, LogV1Options } from './log.ts'
import { generatorCertificate, type ProvenanceOptions, provenance } from './provenance.ts'
import { type SignedEnvelope, signEnvelope } from './signing.ts'

export type BareEnvelope = {
  readonly text: string
  readonly signed: SignedEnvelope
  readonly signer: Issued
  /** Rekor's answer: its entry under its UUID. */
  readonly answer: RekorAnswer
  readonly uuid: string
}
export type RekorAnswer = Readonly<Record<string, RekorEntry>>
export type RekorEntry = {
  body: string
  integratedTime: number
  logID: string
  logIndex: number
  verification?: object
}

export function bareEnvelope(
  authority: Authority,
  options: ProvenanceOptions,
  log: LogV1Options & { readonly certificate?: GithubOptions } = {},
): BareEnvelope {
  const wish = { generator: 'generic', generatorRef: 'refs/tags/v2.0.0', ...options } as const
  const signer = authority.githubCertificate(log.certificate ?? generatorCertificate(wish))
  const signed = signEnvelope(signer, provenance(wish))
  const { payloadType, payload, signatures } = signed.envelope
  const text = JSON.stringify({
    payloadType,
    payload,
    signatures: signatures.map(({ sig }) => ({ keyid: '', sig, cert: signer.pem })),
  })
  const entry = authority.logV1(signed, {
    kind: 'intoto',
    version: '0.0.1',
    envelopeBytes: Buffer.from(text),
    ...log,
  })
  const answer = rekorAnswer(entry)
  return { text, signed, signer, answer, uuid: Object.keys(answer)[0] ?? '' }
}

/** An entry as Rekor's API answers it (openapi.yaml, LogEntry). */
export function rekorAnswer(entry: LogEntry): RekorAnswer {
  const body = Buffer.from(entry.canonicalizedBody, 'base64')
  const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex')
  const { inclusionPromise, inclusionProof } = entry
  const leaf = sha256(Buffer.concat([Buffer.of(0), body])).toString('hex')
  return {
    [`3a55d3551ddfb1db${leaf}`]: {
      body: entry.canonicalizedBody,
      integratedTime: Number(entry.integratedTime ?? 0),
      logID: hex(entry.logId.keyId),
      logIndex: Number(entry.logIndex),
      verification: {
        ...(inclusionPromise !== undefined && { signedEntryTimestamp: inclusionPromise.signedEntryTimestamp }),
        ...(inclusionProof !== undefined && {
          inclusionProof: {
            checkpoint: inclusionProof.checkpoint?.envelope ?? '',
            hashes: inclusionProof.hashes.map(hex),
            logIndex: Number(inclusionProof.logIndex),
            rootHash: hex(inclusionProof.rootHash),
            treeSize: Number(inclusionProof.treeSize),
          },
        }),
      },
    },
  }
}
