import { onTestFinished } from 'vitest'
import { type Digest, digestOf } from '../../../src/core/digest.ts'
import { type Limits, limits } from '../../../src/core/limits.ts'
import type { Asked, EvidenceStore, LogQuestion } from '../../../src/core/observation.ts'
import { type LogAnswerer, type LogOptions, logAnswerer } from '../../../src/evidence/rekor/answerer.ts'
import { memoryStore } from '../../../src/evidence/store/memory.ts'
import { createAuthority } from '../../authority/authority.ts'
import { type BareEnvelope, bareEnvelope } from '../../authority/bare-envelope.ts'
import { startRekor, type TestRekor } from '../../rekor/rekor.ts'

export const authority = createAuthority()
export const artifact = digestOf('an archive')
const subjects = [{ name: 'archive.tar.gz', digest: { sha256: artifact.slice('sha256:'.length) } }]
export const envelope: BareEnvelope = bareEnvelope(authority, { subjects })
/** Logged by somebody else, about the same artifact. */
export const stranger: BareEnvelope = bareEnvelope(authority, { subjects, github: { owner: 'Evil' } })

export const search = 'POST /api/v1/log/entries/retrieve'
export const index = 'POST /api/v1/index/retrieve'
export const entry = (uuid: string): string => `GET /api/v1/log/entries/${uuid}`

/** As in production, but a second attempt comes at once. */
export const quick: Limits = { ...limits, retryPauseMs: 1 }

export async function rekor(): Promise<TestRekor> {
  const started = await startRekor()
  onTestFinished(() => started.close())
  return started
}

export type Asker = {
  readonly store: EvidenceStore
  readonly answerer: LogAnswerer
  ask(more?: Partial<LogQuestion>, signal?: AbortSignal): Promise<Asked>
}

/** A log that the installation named, and a store that holds the envelope. */
export async function asker(log: TestRekor | string, options: Partial<LogOptions> = {}): Promise<Asker> {
  const { store = memoryStore() } = options
  await store.put(Buffer.from(envelope.text), 'application/json')
  const url = new URL(typeof log === 'string' ? log : log.url)
  const answerer = logAnswerer({ store, url, registered: true, limits: quick, ...options })
  onTestFinished(() => answerer.close())
  return {
    store,
    answerer,
    ask: async (more = {}, signal = AbortSignal.timeout(limits.requestMs)) => {
      const question = { ask: 'log-entry', artifact, envelope: digestOf(envelope.text), ...more } as const
      const asked = await answerer.tryAnswer(question, signal)
      if (asked === undefined) throw new Error('not a question to a log')
      return asked
    },
  }
}

/** The UUIDs of the entries that were found, in their order. */
export async function uuidsIn(store: EvidenceStore, { outcome }: Asked): Promise<readonly string[]> {
  if (!('found' in outcome)) throw new Error(JSON.stringify(outcome))
  const list = JSON.parse(Buffer.from((await store.get(outcome.found)) ?? '').toString('utf8')) as object[]
  return list.flatMap((one) => Object.keys(one))
}

export const word = ({ outcome }: Asked): string =>
  'found' in outcome ? 'found' : 'absent' in outcome ? 'absent' : outcome.failed
export const digest = (text: string): Digest => digestOf(text)
