import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { digestOf } from '../../core/digest.ts'
import type { Limits } from '../../core/limits.ts'
import { isLoopbackName } from './addresses.ts'
import { type Body, BodyMalformed, BodyTooLarge, readBody } from './body.ts'
import type { Dispatchers } from './dispatchers.ts'
import { Gate } from './gate.ts'
import type { Reach } from './host-rules.ts'
import { networkFailure } from './network-failure.ts'
import { type Failure, failure, type Headers, header, type Reply, type Say } from './result.ts'

export type Call = {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly url: URL
  readonly reach: Reach
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Decoded bytes that an answer of 200 may have. */
  readonly limit: number
}

/** Told of each exchange with its status; undefined: there was no answer. */
export type Exchanged = (status: number | undefined) => void

/** What a single exchange knows; redirects and logins are decided above. */
export type WireReply = Omit<Reply, 'redirected' | 'abroad' | 'authorised'>

/** One HTTP exchange, bounded in time, in size and in number at once; whatever happens becomes a reply or a failure. */
export class Wire {
  readonly #limits: Limits
  readonly #dispatchers: Dispatchers
  readonly #gate: Gate
  readonly #say: Say
  readonly #exchanged: Exchanged

  constructor(limits: Limits, dispatchers: Dispatchers, say: Say, exchanged: Exchanged = () => {}) {
    this.#exchanged = exchanged
    this.#limits = limits
    this.#say = say
    this.#dispatchers = dispatchers
    this.#gate = new Gate(limits.parallelRequests)
  }

  send(call: Call, signal: AbortSignal): Promise<WireReply | Failure> {
    return this.#gate.run(call.url.host, () => this.#send(call, signal))
  }

  async #send(call: Call, signal: AbortSignal): Promise<WireReply | Failure> {
    const { url, reach, method } = call
    const { answerMs, answerBeginMs, answerIdleMs, tokenBytes } = this.#limits
    if (signal.aborted) return outOfTime(url)
    let status: number | undefined
    try {
      const { dispatcher, via } = this.#dispatchers.for(url, reach)
      const { statusCode, headers, body } = await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers: { 'user-agent': 'meshproof', 'accept-encoding': 'identity', ...call.headers },
        body: call.body ?? null,
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]), // a byte a second is no answer (R12)
        headersTimeout: answerBeginMs,
        bodyTimeout: answerIdleMs,
      })
      status = statusCode
      body.on('error', () => {}) // of a body that is left alone; one that is read says it to the reader
      const read = statusCode === 200 ? await whole(body, headers, call) : await nothing(body, tokenBytes)
      return { status: statusCode, headers, from: url.host + via + inClear(url), ...read }
    } catch (error) {
      if (signal.aborted) return outOfTime(url)
      if (error instanceof BodyTooLarge)
        return failure(this.#say('too-large'), url.host, { expected: String(call.limit) }, { trouble: 'too-large' }) // T38
      if (error instanceof BodyMalformed)
        return failure(this.#say('malformed'), url.host, {}, { trouble: 'malformed', transient: true }) // R13
      return networkFailure(error, url.host, this.#say)
    } finally {
      this.#exchanged(status)
    }
  }
}

function whole(body: Readable, headers: Headers, { method, limit }: Call): Promise<Body> {
  const announced = method === 'HEAD' ? 0 : Number(header(headers, 'content-length') ?? 0)
  if (announced <= limit) return readBody(body, header(headers, 'content-encoding'), limit)
  body.destroy()
  throw new BodyTooLarge() // T38: before the first byte
}

/** Of an answer that is no 200 only the status is believed; its body is read to free the connection, or cut. */
async function nothing(body: Dispatcher.ResponseData['body'], limit: number): Promise<Body> {
  await body.dump({ limit })
  return { bytes: new Uint8Array(), digest: digestOf('') }
}

/** T47: an answer that came without TLS from another machine says so wherever it is shown. */
const inClear = ({ protocol, hostname }: URL): string =>
  protocol === 'http:' && !isLoopbackName(hostname) ? ' without TLS' : ''

const outOfTime = ({ host }: URL): Failure => failure('limit.time', host, {}, { transient: true })
