import type { SecureContext } from 'node:tls'
import { Agent, type Dispatcher } from 'undici'
import type { Limits } from '../../core/limits.ts'
import { BodyMalformed, BodyTooLarge, readBody } from './body.ts'
import { guardedConnector, type Lookup } from './connect.ts'
import { Gate } from './gate.ts'
import type { Reach } from './host-rules.ts'
import { networkFailure } from './network-failure.ts'
import { type Failure, failure, type Headers, header, type Reply } from './result.ts'

export type Call = {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly url: URL
  readonly reach: Reach
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Decoded bytes that an answer of 200 may have. */
  readonly limit: number
}

export type WireOptions = {
  readonly limits: Limits
  readonly lookup?: Lookup | undefined
  readonly secureContext?: SecureContext | undefined
}

/** What a single exchange knows; redirects and logins are decided above. */
export type WireReply = Omit<Reply, 'redirected' | 'authorised'>

/** One HTTP exchange, bounded in time, size and number at once; whatever happens becomes a reply or a failure. */
export class Wire {
  readonly #limits: Limits
  readonly #gate: Gate
  readonly #agents: Readonly<Record<Reach, Agent>>

  constructor({ limits, lookup, secureContext }: WireOptions) {
    this.#limits = limits
    this.#gate = new Gate(limits.parallelRequests)
    const agent = (reach: Reach) =>
      new Agent({
        connect: guardedConnector({ reach, connectMs: limits.connectMs, lookup, secureContext }),
        pipelining: 1,
      })
    this.#agents = { public: agent('public'), loopback: agent('loopback'), any: agent('any') }
  }

  async send(call: Call, signal: AbortSignal): Promise<WireReply | Failure> {
    return this.#gate.run(call.url.host, () => this.#send(call, signal))
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#agents).map((agent) => agent.destroy()))
  }

  async #send(call: Call, signal: AbortSignal): Promise<WireReply | Failure> {
    const from = call.url.host
    const answerMs = this.#limits.answerMs
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(answerMs)])
    try {
      if (signal.aborted) return failure('limit.time', from, {}, { transient: true })
      const dispatcher: Dispatcher = this.#agents[call.reach]
      const { statusCode, headers, body } = await dispatcher.request({
        origin: call.url.origin,
        path: call.url.pathname + call.url.search,
        method: call.method,
        headers: { 'user-agent': 'meshproof', 'accept-encoding': 'identity', ...call.headers },
        body: call.body ?? null,
        signal: deadline,
        headersTimeout: answerMs,
        bodyTimeout: answerMs,
      })
      // The body of an error is read for nothing but a free connection; nothing in it is believed.
      const limit = statusCode === 200 ? call.limit : this.#limits.tokenBytes
      const read = await readBody(body, header(headers as Headers, 'content-encoding'), limit)
      return { status: statusCode, headers: headers as Headers, from, ...read }
    } catch (error) {
      if (signal.aborted) return failure('limit.time', from, {}, { transient: true })
      if (error instanceof BodyTooLarge) return failure('registry.too-large', from, { expected: String(call.limit) })
      if (error instanceof BodyMalformed) return failure('registry.malformed', from, {})
      return networkFailure(error, from)
    }
  }
}
