import type { Code } from '../../core/codes.ts'
import type { Digest } from '../../core/digest.ts'
import type { Json } from '../../core/json.ts'

/** The parameters of the sentence that a code says (`core/codes.ts`): `expected`, `found`, `until`. Never a secret. */
export type Detail = Readonly<Record<string, Json>>

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/** What may happen to an exchange before anybody reads its status; each client says it in the codes of its own area. */
export type Trouble =
  | 'unreachable'
  | 'address-refused'
  | 'insecure-refused'
  | 'tls-failed'
  | 'too-large'
  | 'size-mismatch'
  | 'malformed'
export type Say = (trouble: Trouble) => Code

/** What came back, whole: its bytes are bounded and hashed. */
export type Reply = {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
  readonly digest: Digest
  /** The host that answered in the end. */
  readonly from: string
  readonly redirected: boolean
  /** Whether another origin than the one asked gave the answer. */
  readonly abroad: boolean
  /** How we introduced ourselves: decides what a 401 means (T87). */
  readonly authorised: 'no' | 'basic' | 'token'
}

/** Why nothing usable came back. `transient`: the same question may be answered a moment later. */
export type Failure = {
  readonly failed: Code
  readonly from: string
  readonly detail: Detail
  readonly transient: boolean
  /** Milliseconds since 1970, before which asking again is useless. */
  readonly retryAfter?: number
  /** Where the host asked answered at all. */
  readonly status?: number
  /** What happened to the exchange, for a client whose codes are coarser. */
  readonly trouble?: Trouble
}

export type Absent = { readonly absent: true; readonly from: string }
export type Result = Reply | Failure
export const isFailure = <T extends object>(result: T | Failure): result is Failure => 'failed' in result

export function failure(
  failed: Code,
  from: string,
  detail: Detail,
  more: { transient?: boolean; retryAfter?: number; status?: number; trouble?: Trouble } = {},
): Failure {
  return { failed, from, detail, transient: false, ...more }
}

/** One header's text; where a header came several times, the first. */
export function header(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.[0]
}
