import type { MessagePort } from 'node:worker_threads'
import type { Digest } from '../src/core/digest.ts'
import type { Asked, EvidenceStore, Question } from '../src/core/observation.ts'
import type { Name } from '../src/core/reference.ts'
import { canonicalName } from '../src/examine/config.ts'
import type { ExaminedTrust } from '../src/examine/examination.ts'
import type { Shopkeeper } from '../src/examine/shop.ts'

/**
 * A thread judges, the main thread has the world: what a shopkeeper offers, over a port. Bytes go by digest, questions
 * come back as observations, so that documents of strangers are read in the thread only.
 */
type Call =
  | { readonly call: 'get'; readonly digest: Digest }
  | { readonly call: 'put'; readonly bytes: Uint8Array; readonly mediaType: string }
  | { readonly call: 'document'; readonly digest: Digest }
  | { readonly call: 'public-good'; readonly offline: boolean }
  | { readonly call: 'registry' | 'log' | 'recall'; readonly question: Question }

type FromThread =
  | { readonly id: number; readonly call: Call }
  | { readonly cancel: number }
  | { readonly answered: true }
  | { readonly lost: string }
  | { readonly report: string }
type ToThread = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly trouble: string }

/** What the thread is told at once. */
export type Given = {
  readonly now: number
  readonly mirrors: readonly (readonly [Name, Name])[]
  readonly lost: string[]
}

export type Watched = {
  readonly answered: () => void
  readonly failed: (error: unknown) => void
  /** Nothing is recalled that may have changed. */
  readonly fresh: boolean
}

/** The main thread's end: answers until the port closes. What fails here is told to `failed`, and ends the thread's call. */
export function serveKeeper(keeper: Shopkeeper, port: MessagePort, { answered, failed, fresh }: Watched): void {
  const calls = new Map<number, AbortController>()
  const store = keeper.store()
  const run = async (call: Call, signal: AbortSignal): Promise<unknown> => {
    switch (call.call) {
      case 'get':
        return store.get(call.digest)
      case 'put':
        return store.put(call.bytes, call.mediaType)
      case 'document':
        return keeper.document?.(call.digest)
      case 'public-good':
        return keeper.publicGood(call.offline)
      case 'registry':
        return (await keeper.network([])).registry(call.question, signal, fresh)
      case 'log':
        return (await keeper.network([])).log(call.question, signal, fresh)
      case 'recall':
        return (await keeper.recalled?.())?.log(call.question, signal)
    }
  }
  const answer = (message: ToThread) => port.postMessage(message)
  port.on('message', (message: FromThread) => {
    if ('report' in message) keeper.report(new Error(message.report))
    else if ('answered' in message) answered()
    else if ('lost' in message) keeper.lost?.add(message.lost)
    else if ('cancel' in message) calls.get(message.cancel)?.abort()
    else {
      const { id, call } = message
      const stop = new AbortController()
      calls.set(id, stop)
      run(call, stop.signal)
        .then(
          (value) => answer({ id, value }),
          (error: unknown) => {
            failed(error)
            answer({ id, trouble: String(error) })
          },
        )
        .finally(() => calls.delete(id))
    }
  })
  port.on('close', () => {
    for (const stop of calls.values()) stop.abort()
  })
}

/** The thread's end. */
export function remoteKeeper(port: MessagePort, given: Given): Shopkeeper & { readonly answered: () => void } {
  const open = new Map<number, { done: (value: unknown) => void; fail: (error: Error) => void }>()
  const since = performance.now()
  let last = 0
  const tell = (message: FromThread) => port.postMessage(message)
  port.on('message', (message: ToThread) => {
    const waiting = open.get(message.id)
    open.delete(message.id)
    if ('trouble' in message) waiting?.fail(new Error(message.trouble))
    else waiting?.done(message.value)
  })
  const ask = (call: Call, signal?: AbortSignal): Promise<unknown> =>
    new Promise((done, fail) => {
      const id = ++last
      open.set(id, { done, fail })
      signal?.addEventListener('abort', () => tell({ cancel: id }), { once: true })
      tell({ id, call })
    })
  const store: EvidenceStore = {
    get: (digest) => ask({ call: 'get', digest }) as Promise<Uint8Array | undefined>,
    put: (bytes, mediaType) => ask({ call: 'put', bytes, mediaType }) as Promise<Digest>,
  }
  const through =
    <T>(call: 'registry' | 'log' | 'recall') =>
    (question: Question, signal: AbortSignal) =>
      ask({ call, question }, signal) as Promise<T>
  const lost = new Set(given.lost)
  const add = lost.add.bind(lost)
  lost.add = (host) => {
    tell({ lost: host })
    return add(host)
  }
  return {
    now: () => Math.round(given.now + performance.now() - since),
    publicGood: (offline) => ask({ call: 'public-good', offline }) as Promise<ExaminedTrust | undefined>,
    canonicalName: canonicalName(given.mirrors),
    network: async () => ({ store, log: through<Asked | undefined>('log'), registry: through<Asked>('registry') }),
    recalled: async () => ({ store, log: through<Asked | undefined>('recall') }),
    store: () => store,
    document: (digest) => ask({ call: 'document', digest }) as Promise<Uint8Array | undefined>,
    lost,
    report: (error) => tell({ report: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    answered: () => tell({ answered: true }),
  }
}
