import type { Limits } from '../../core/limits.ts'
import type { HostRules } from '../http/host-rules.ts'
import { type Failure, type Headers, isFailure } from '../http/result.ts'
import type { Wire } from '../http/wire.ts'
import { readChallenge } from './challenge.ts'
import { basic, type Credentials } from './credentials.ts'
import type { Place } from './place.ts'
import type { Realms } from './realm.ts'
import { fetchToken } from './token.ts'

export type Authorization = { readonly value: string; readonly kind: 'basic' | 'token' }

/** Logins, kept in memory for one host and repository each: what is a secret of one place is never tried at another (T44). */
export class Login {
  readonly #parts: { wire: Wire; rules: HostRules; realms: Realms; limits: Limits; now: () => number }
  readonly #credentials: Credentials
  readonly #known = new Map<string, Authorization>()
  readonly #open = new Map<string, Promise<Authorization | undefined | Failure>>()

  constructor(parts: {
    wire: Wire
    rules: HostRules
    realms: Realms
    limits: Limits
    now: () => number
    credentials: Credentials
  }) {
    this.#parts = parts
    this.#credentials = parts.credentials
  }

  known(place: Place): Authorization | undefined {
    return this.#known.get(keyOf(place))
  }

  /** Answers a 401; undefined where we hold nothing that would answer it. Callers that meet the same 401 share one login. */
  answer(
    place: Place,
    headers: Headers,
    refused: Authorization | undefined,
  ): Promise<Authorization | undefined | Failure> {
    const key = keyOf(place)
    const known = this.#known.get(key)
    if (known !== undefined && known !== refused) return Promise.resolve(known) // somebody was faster
    const open = this.#open.get(key) ?? this.#login(place, headers).finally(() => this.#open.delete(key))
    this.#open.set(key, open)
    return open
  }

  async #login(place: Place, headers: Headers): Promise<Authorization | undefined | Failure> {
    const { signal } = new AbortController() // shared by callers of different deadlines, so bounded by the limits alone
    this.#known.delete(keyOf(place))
    const offered = headers['www-authenticate'] ?? []
    const challenge = readChallenge(typeof offered === 'string' ? [offered] : offered)
    if (challenge === undefined) return undefined
    const credential = await this.#credentials.for(place.host, place.path, signal)
    const got =
      credential?.kind === 'bearer'
        ? { token: credential.token }
        : challenge.scheme === 'basic'
          ? undefined
          : await fetchToken(this.#parts, { ...challenge, place, credential }, signal)
    if (got !== undefined && isFailure(got)) return got
    const authorization: Authorization | undefined =
      got !== undefined
        ? { value: `Bearer ${got.token}`, kind: 'token' }
        : credential?.kind === 'password'
          ? { value: basic(credential), kind: 'basic' }
          : undefined
    if (authorization !== undefined) this.#known.set(keyOf(place), authorization)
    return authorization
  }
}

const keyOf = ({ origin, path }: Place): string => `${origin} ${path}`
