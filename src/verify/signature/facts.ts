import type { KeyObject } from 'node:crypto'
import type { Code } from '../../core/codes.ts'
import { foreignKey } from '../../core/keys.ts'
import type { Limits } from '../../core/limits.ts'
import { KeptCertificate } from '../certificate/kept-certificate.ts'
import { type LeafFacts, leafRoleProblem, readLeaf } from '../certificate/leaf.ts'
import type { Trust } from '../trust/trusted-root.ts'
import { type Hash, hashOf, sideBySide } from './algorithm.ts'
import { awaitsLog, type Candidate, type Content } from './candidate.ts'
import { type ArtifactHashes, type CheckedContent, contentFor } from './content.ts'
import { checkEntry, type EntryProblem, inService, type ShownEntry } from './log.ts'
import { verifyChain, verifySignatureWith } from './stages.ts'
import { checkTimestamp, type SignedTime, type TimeProblem } from './times.ts'

/** What a stage of verification gave: done, refused, or not run since what it stands on is missing. */
export type Stage<T = true> = { readonly done: T } | Refusal
export type Refusal = {
  readonly outcome: 'fail' | 'error'
  readonly code: Code
  readonly expected?: string
  readonly found?: string
}
export const isDone = <T>(stage: Stage<T>): stage is { readonly done: T } => 'done' in stage

/**
 * Everything cryptographic that can be said of one candidate under one trust, before any policy compares it.
 * Stages follow the protocol: log entries and timestamps give signed times; the certificate is judged at those times;
 * then the signature. Identity is read of the verified leaf only (T12).
 */
export type Facts = {
  readonly entries: readonly ShownEntry[]
  readonly entryProblems: readonly EntryProblem[]
  readonly times: readonly SignedTime[]
  readonly timeProblems: readonly TimeProblem[]
  readonly certificate: Stage<LeafFacts>
  /** Distinct operators of CT logs whose SCT is good. */
  readonly timestampsOfCertificate: Stage<{ readonly operators: number; readonly strangers: number }>
  /** Every signed time lies within the certificate's life. */
  readonly window: Stage
  readonly signature: Stage<{ readonly hash: Hash }>
  /** The certificate's own life, milliseconds; there where nothing signed a time and it was judged at `at`. */
  readonly judgedAlive?: { readonly start: number; readonly end: number }
  /** Nothing signed a time, but the log could still be asked: the certificate was only held against its own beginning. */
  readonly openEnded?: true
}

export type Context = { readonly artifact: ArtifactHashes; readonly trust: Trust; readonly limits: Limits }

/** Facts of a candidate whose holder brings a certificate. `at`: when nothing signed a time and none is demanded. */
export function keylessFacts(candidate: Candidate, context: Context, at: number | undefined): Facts {
  const { holder } = candidate
  const content = contentFor(candidate.content, context.artifact)
  const certificate = 'certificate' in holder ? readCertificate(holder.certificate) : undefined
  if (certificate === undefined || !(certificate instanceof KeptCertificate)) {
    const code = 'certificate' in holder ? 'certificate.malformed' : 'certificate.absent'
    const refusal: Refusal = { outcome: code === 'certificate.absent' ? 'fail' : 'error', code }
    return {
      entries: [],
      // Without the certificate no entry can be held against it: there, and not shown to be wrong.
      entryProblems: candidate.entries.map(() => ({ ...notRun('log'), stranger: false })),
      ...timesOf(candidate, content, context, []),
      certificate: refusal,
      timestampsOfCertificate: notRun('sct'),
      window: notRun('time'),
      signature: notRun('signature'),
    }
  }
  const { entries, entryProblems, times, timeProblems } = evidenceOfTime(candidate, content, certificate, context)
  const instants = times.map(({ time }) => time)
  const life = { start: certificate.notBefore.getTime(), end: certificate.notAfter.getTime() }
  const outside = instants.find((time) => time < life.start || time > life.end) // T21: every one, not the first good one
  const window: Stage =
    outside === undefined
      ? instants.length > 0 || at !== undefined
        ? { done: true }
        : notRun('time')
      : {
          outcome: 'fail',
          code: 'time.outside-certificate',
          expected: `${iso(life.start)}/${iso(life.end)}`,
          found: iso(outside),
        }
  // T14: a bare envelope's entry could still be asked for. Until then its certificate is held against the moment at which it
  // began, so that wrong claims are told at once; what needs a signed time stays open.
  const openEnded = awaitsLog(candidate) && instants.length === 0 && at === undefined
  const judgedAt = instants.length > 0 ? instants : at !== undefined ? [at] : openEnded ? [life.start] : []
  if ((!isDone(window) && !openEnded) || judgedAt.length === 0)
    return {
      entries,
      entryProblems,
      times,
      timeProblems,
      certificate: notRun('certificate'),
      timestampsOfCertificate: notRun('sct'),
      window,
      signature: notRun('signature'),
    }
  const chain = checkCertificate(certificate, judgedAt, context.trust)
  const signature = isDone(chain.certificate)
    ? checkSignature(content, certificate.key, hashOfCertificate(candidate, certificate, entries), context)
    : notRun('signature')
  return {
    entries,
    entryProblems,
    times,
    timeProblems,
    ...chain,
    window,
    signature,
    ...(openEnded ? { openEnded: true as const } : instants.length === 0 && { judgedAlive: life }),
  }
}

/** Facts of a candidate under one key of the policy; a certificate that travels along is no one's word here. */
export function keyFacts(candidate: Candidate, key: KeyObject, hash: Hash, context: Context): Facts {
  const content = contentFor(candidate.content, context.artifact)
  const signature = checkOwn(candidate, content, key, hash, context)
  const notAsked: Stage<never> = { outcome: 'error', code: 'certificate.not-evaluated' }
  if (!isDone(signature))
    return {
      entries: [],
      entryProblems: [],
      times: [],
      timeProblems: [],
      certificate: notAsked,
      timestampsOfCertificate: notAsked,
      window: { done: true },
      signature,
    }
  return {
    ...evidenceOfTime(candidate, content, key, context),
    certificate: notAsked,
    timestampsOfCertificate: notAsked,
    window: { done: true },
    signature,
  }
}

const iso = (time: number): string => new Date(time).toISOString()
const notRun = (area: 'certificate' | 'log' | 'sct' | 'time' | 'signature'): Refusal => ({
  outcome: 'error',
  code: `${area}.not-evaluated`,
})

function readCertificate(der: Buffer): KeptCertificate | undefined {
  try {
    const certificate = new KeptCertificate(der)
    void certificate.notBefore.getTime()
    void certificate.notAfter.getTime()
    void certificate.key
    return certificate
  } catch {
    return undefined
  }
}

function timesOf(
  candidate: Candidate,
  content: CheckedContent,
  context: Context,
  entries: readonly ShownEntry[],
): Pick<Facts, 'times' | 'timeProblems'> {
  const times: SignedTime[] = entries.flatMap(({ time, log }) =>
    time === undefined ? [] : [{ time, by: 'log' as const, operator: log.operator }],
  )
  const timeProblems: TimeProblem[] = []
  for (const token of candidate.timestamps) {
    const checked = checkTimestamp(token, candidate, content, context.trust)
    if ('code' in checked) timeProblems.push(checked)
    else times.push(checked)
  }
  return { times, timeProblems }
}

function evidenceOfTime(
  candidate: Candidate,
  content: CheckedContent,
  signer: KeptCertificate | KeyObject,
  context: Context,
): Pick<Facts, 'entries' | 'entryProblems' | 'times' | 'timeProblems'> {
  const shown: ShownEntry[] = []
  const entryProblems: EntryProblem[] = []
  for (const entry of candidate.entries) {
    const checked = checkEntry(entry, candidate, content, signer, context.trust, context.limits.jsonDepth)
    if ('code' in checked) entryProblems.push(checked)
    else shown.push(checked)
  }
  const all = timesOf(candidate, content, context, shown)
  const instants = all.times.map(({ time }) => time)
  const entries = shown.filter(({ log }) => inService(log, instants))
  if (entries.length === shown.length) return { entries, entryProblems, ...all }
  entryProblems.push({ outcome: 'fail', code: 'log.unknown', stranger: false })
  return { entries, entryProblems, ...timesOf(candidate, content, context, entries) }
}

function checkCertificate(
  certificate: KeptCertificate,
  times: readonly number[],
  trust: Trust,
): Pick<Facts, 'certificate' | 'timestampsOfCertificate'> {
  const dates = times.map((time) => new Date(time))
  const refuse = (
    code: Code,
    more: { expected?: string; found?: string } = {},
  ): Pick<Facts, 'certificate' | 'timestampsOfCertificate'> => ({
    certificate: { outcome: 'fail', code, ...more },
    timestampsOfCertificate: notRun('sct'),
  })
  const role = leafRoleProblem(certificate)
  if (role !== undefined) return refuse('certificate.role', { found: role }) // L5
  const scts = checkTimestampsOfCertificate(certificate, dates, trust)
  // The stage that judged an SCT judged the chain as well; only where none was good is the chain asked alone.
  const shown = isDone(scts) && scts.done.operators > 0
  if (!shown && 'failed' in verifyChain(trust.material, certificate.withOneTimestamp('none'), dates))
    return refuse('certificate.untrusted')
  const facts = readLeaf(certificate)
  return {
    certificate: 'code' in facts ? { outcome: 'fail', ...facts } : { done: facts },
    timestampsOfCertificate: scts,
  }
}

function checkTimestampsOfCertificate(
  certificate: KeptCertificate,
  dates: readonly Date[],
  trust: Trust,
): Facts['timestampsOfCertificate'] {
  let ids: readonly Buffer[]
  try {
    ids = certificate.extSCT?.signedCertificateTimestamps.map(({ logID }) => logID) ?? []
  } catch {
    return { outcome: 'fail', code: 'sct.invalid' }
  }
  const operators = new Set<string>()
  let strangers = 0
  for (const [i, id] of ids.entries()) {
    const log = trust.ctlogs.find((known) => known.id.equals(id))
    if (log === undefined)
      strangers++ // T92: lends nothing, breaks nothing
    else if ('failed' in verifyChain(trust.material, certificate.withOneTimestamp(i), dates))
      return { outcome: 'fail', code: 'sct.invalid' }
    else operators.add(log.operator) // T18
  }
  return { done: { operators: operators.size, strangers } }
}

/** L14: a certificate's key declares no hash; the message digest or the log entry names it, else the curve. */
function hashOfCertificate(candidate: Candidate, certificate: KeptCertificate, entries: readonly ShownEntry[]): Hash {
  const named = candidate.content.kind === 'message' ? candidate.content.digest?.hash : undefined
  return named ?? entries.find(({ hash }) => hash !== undefined)?.hash ?? hashOf(certificate.key)
}

function checkSignature(content: CheckedContent, key: KeyObject, hash: Hash, context: Context): Facts['signature'] {
  const foreign = foreignKey(key)
  if (foreign !== undefined) return { outcome: 'fail', code: 'signature.algorithm', found: foreign } // T25
  const good = content.check(key, hash)
  if (good === undefined)
    return { outcome: 'error', code: 'artifact.bytes-needed', found: Object.keys(context.artifact).join(', ') }
  const stage = verifySignatureWith(context.trust.material, { ...content, verifySignature: () => good }, { key })
  return 'failed' in stage ? { outcome: 'fail', code: 'signature.invalid' } : { done: { hash } }
}

/** Some signers of envelopes write r and s side by side; Go's verifiers take that as well, and so of a policy's own key do we. */
function checkOwn(
  { content }: Candidate,
  checked: CheckedContent,
  key: KeyObject,
  hash: Hash,
  context: Context,
): Facts['signature'] {
  const first = checkSignature(checked, key, hash, context)
  const signature = isDone(first) || content.kind !== 'dsse' ? undefined : sideBySide(key, content.signature)
  return signature === undefined
    ? first
    : checkSignature(contentFor({ ...content, signature } as Content, context.artifact), key, hash, context)
}
