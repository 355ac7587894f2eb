import type { MessagePort } from 'node:worker_threads'
import { type Cause, causeOf, codeOf, errorOf } from '../src/core/cause.ts'
import type { Digest } from '../src/core/digest.ts'
import type { Earlier, History } from '../src/core/history.ts'
import type { Asked, EvidenceStore, LookupQuestion, Question } from '../src/core/observation.ts'
import type { Name } from '../src/core/reference.ts'
import { canonicalName } from '../src/examine/config.ts'
import type { ExaminedTrust } from '../src/examine/examination.ts'
import type { Shopkeeper } from '../src/examine/shop.ts'
import type { Span } from '../src/jobs/tracing.ts'

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
  | { readonly call: 'earlier'; readonly questions: readonly LookupQuestion[] }
  | { readonly call: 'measure'; readonly url: string }
  | { readonly call: 'save'; readonly url: string; readonly limit: number }
  | { readonly call: 'discard'; readonly place: string }
  | { readonly call: 'index-of'; readonly image: Name; readonly digest: Digest }

type FromThread =
  | { readonly id: number; readonly call: Call }
  | { readonly cancel: number }
  | { readonly answered: true }
  | { readonly lost: string }
  | { readonly report: Cause }
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
  readonly span?: Span | undefined
  /** Nothing is recalled that may have changed. */
  readonly fresh: boolean
}

/** The main thread's end: answers until the port closes. What fails here is told to `failed`, and ends the thread's call. */
export function serveKeeper(keeper: Shopkeeper, port: MessagePort, { answered, failed, span, fresh }: Watched): void {
  const calls = new Map<number, AbortController>()
  const saved = new Map<string, () => Promise<void>>()
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
        return traced(span, 'registry', call.question, async () =>
          (await keeper.network([])).registry(call.question, signal, fresh),
        )
      case 'log':
        return traced(span, 'log', call.question, async () =>
          (await keeper.network([])).log(call.question, signal, fresh),
        )
      case 'recall':
        return (await keeper.recalled?.())?.log(call.question, signal)
      case 'measure':
        return keeper.downloads?.measure(call.url)
      case 'save': {
        const { place, discard } = (await keeper.downloads?.save(call.url, call.limit)) ?? unsaved()
        saved.set(place, discard)
        return place
      }
      case 'discard':
        await saved.get(call.place)?.()
        saved.delete(call.place)
        return undefined
      case 'earlier':
        return keeper.history?.earlier(call.questions)
      case 'index-of':
        return keeper.history?.indexOf(call.image, call.digest)
    }
  }
  const answer = (message: ToThread) => port.postMessage(message)
  port.on('message', (message: FromThread) => {
    if ('report' in message) keeper.report(errorOf(message.report))
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
    for (const discard of saved.values()) void discard().catch(keeper.report)
  })
}

function unsaved(): never {
  throw new Error('no downloads here')
}

/** What was asked and whether it was found; of whom and what for stands in the evidence, not in a trace. */
async function traced<T extends Asked | undefined>(
  span: Span | undefined,
  whom: 'registry' | 'log',
  { ask }: Question,
  work: () => Promise<T>,
): Promise<T> {
  const child = span?.child(`${whom} ${ask}`, { 'meshproof.ask': ask })
  try {
    const asked = await work()
    const outcome = asked?.outcome
    if (outcome !== undefined && 'failed' in outcome) child?.end({ 'meshproof.answer': 'failed' }, outcome.failed)
    else child?.end({ 'meshproof.answer': outcome === undefined ? 'none' : 'found' in outcome ? 'found' : 'absent' })
    return asked
  } catch (error) {
    child?.end({}, codeOf(error))
    throw error
  }
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
    downloads: {
      measure: (url) => ask({ call: 'measure', url }) as Promise<Digest>,
      save: async (url, limit) => {
        const place = (await ask({ call: 'save', url, limit })) as string
        return { place, discard: () => ask({ call: 'discard', place }) as Promise<void> }
      },
    },
    history: {
      earlier: (questions) => ask({ call: 'earlier', questions }) as Promise<readonly Earlier[]>,
      indexOf: (image, digest) => ask({ call: 'index-of', image, digest }) as ReturnType<History['indexOf']>,
    },
    document: (digest) => ask({ call: 'document', digest }) as Promise<Uint8Array | undefined>,
    lost,
    report: (error) => tell({ report: causeOf(error) }),
    answered: () => tell({ answered: true }),
  }
}
