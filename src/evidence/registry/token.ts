import { z } from 'zod'
import { parseJson } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'
import type { HostRules } from '../http/host-rules.ts'
import { type Failure, failure, isFailure } from '../http/result.ts'
import type { Call, Wire } from '../http/wire.ts'
import { basic, type Credential } from './credentials.ts'
import type { Place } from './place.ts'
import { type Realms, realmOf } from './realm.ts'
import { refused } from './refused.ts'
import { meaningOf } from './status.ts'

/** The login service of a registry (distribution's token and OAuth 2 specifications), asked for `pull` and nothing else. */
export type TokenRequest = {
  readonly place: Place
  readonly realm: string
  readonly service?: string
  readonly credential: Credential | undefined
}

const answer = z.object({ token: z.string().optional(), access_token: z.string().optional() })

export async function fetchToken(
  parts: { wire: Wire; rules: HostRules; realms: Realms; limits: Limits; now: () => number },
  request: TokenRequest,
  signal: AbortSignal,
): Promise<{ readonly token: string } | Failure> {
  const { wire, rules, realms, limits, now } = parts
  const realm = realmOf(request.realm, request.place, rules, realms)
  if (isFailure(realm)) return realm
  const reply = await wire.send({ ...callOf(request, realm.url), reach: realm.reach, limit: limits.tokenBytes }, signal)
  if (isFailure(reply)) return reply
  if (reply.status >= 300 && reply.status < 400)
    return failure('registry.redirect-refused', reply.from, { found: reply.from }) // T86
  const meaning = meaningOf('token', { status: reply.status, redirected: false, abroad: false, authorised: 'no' })
  if (meaning !== 'found')
    return refused(meaning === 'absent' ? 'registry.failed' : meaning, reply, request.place.host, now(), limits)
  const parsed = parseJson(reply.bytes, limits.jsonDepth)
  const read = answer.safeParse('value' in parsed ? parsed.value : undefined)
  const token = read.data?.token ?? read.data?.access_token
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) return failure('registry.malformed', reply.from, {})
  return { token }
}

function callOf(
  { place, service, credential }: TokenRequest,
  realm: URL,
): Pick<Call, 'method' | 'url' | 'headers' | 'body'> {
  const scope = `repository:${place.path}:pull`
  if (credential?.kind === 'identity-token') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'meshproof',
      scope,
      refresh_token: credential.token,
      ...(service !== undefined && { service }),
    })
    return {
      method: 'POST',
      url: realm,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    }
  }
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  url.searchParams.append('scope', scope)
  return { method: 'GET', url, headers: credential?.kind === 'password' ? { authorization: basic(credential) } : {} }
}
