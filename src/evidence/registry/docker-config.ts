import { z } from 'zod'
import { parseJson } from '../../core/json.ts'
import { isDockerHub } from '../../core/reference.ts'
import type { Credential, Credentials } from './credentials.ts'

/**
 * Credentials as Docker keeps them (`config.json`). The order of T90: the helper of the host, the store, the file. Each
 * is asked for this very host only, and one that knows nothing of it leaves the question to the next.
 */
const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
})
const config = z.object({
  auths: z.record(z.string(), entry).default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
  credsStore: z.string().optional(),
})
type Entry = z.output<typeof entry>

/** Runs `docker-credential-<name> get` for a server; undefined where it knows nothing. */
export type Helper = (name: string, server: string, signal: AbortSignal) => Promise<Credential | undefined>

/** undefined where the text is no such file: then there are no credentials, and `doctor` says why. */
export function dockerCredentials(text: string, helper: Helper): Credentials | undefined {
  const parsed = parseJson(text, 16)
  const read = config.safeParse('value' in parsed ? parsed.value : undefined)
  if (!read.success) return undefined
  const { auths, credHelpers, credsStore } = read.data
  return {
    async for(host, path, signal) {
      const mine = Object.entries(credHelpers).find(([key]) => placeOf(key).host === host)
      return (
        (mine === undefined ? undefined : await helper(mine[1], mine[0], signal)) ??
        (credsStore === undefined || credsStore === ''
          ? undefined
          : await helper(credsStore, serverOf(host), signal)) ??
        fromFile(auths, host, path)
      )
    },
  }
}

/** Docker's stores keep Docker Hub under this name, and every other registry under its host. */
const hubServer = 'https://index.docker.io/v1/'
const serverOf = (host: string): string => (host === 'docker.io' ? hubServer : host)

/** The entry of this exact host[:port] whose path is the longest that ends on a segment border (T46, T90). */
function fromFile(auths: Readonly<Record<string, Entry>>, host: string, path: string): Credential | undefined {
  let best: { length: number; credential: Credential } | undefined
  for (const [key, value] of Object.entries(auths)) {
    const place = placeOf(key)
    if (place.host !== host || !(place.path === '' || place.path === path || path.startsWith(`${place.path}/`)))
      continue // T46
    const credential = credentialOf(value)
    if (credential !== undefined && (best === undefined || place.path.length > best.length))
      best = { length: place.path.length, credential }
  }
  return best?.credential
}

/** `https://index.docker.io/v1/`, `registry.example/team-a`, `https://registry.example/v2/` → host and path. */
function placeOf(key: string): { host: string; path: string } {
  const [first = '', ...segments] = key
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .split('/')
  const host = first.toLowerCase()
  const path = segments.join('/')
  return { host: isDockerHub(host) ? 'docker.io' : host, path: path === 'v1' || path === 'v2' ? '' : path }
}

function credentialOf({ auth, username, password, identitytoken, registrytoken }: Entry): Credential | undefined {
  if (registrytoken) return { kind: 'bearer', token: registrytoken }
  if (identitytoken) return { kind: 'identity-token', token: identitytoken }
  if (auth) {
    const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
    const colon = text.indexOf(':') // a password may hold colons, a user name may not (RFC 7617)
    return colon < 1 ? undefined : { kind: 'password', username: text.slice(0, colon), password: text.slice(colon + 1) }
  }
  return username && password ? { kind: 'password', username, password } : undefined
}
