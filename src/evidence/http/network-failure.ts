import { AddressRefused } from './connect.ts'
import { type Failure, failure, type Say, type Trouble } from './result.ts'

/** What an error of the network means. Only its code is read: messages may quote URLs, and URLs may hold secrets. */
export function networkFailure(error: unknown, from: string, say: Say): Failure {
  const refused = find(error, (cause) => cause instanceof AddressRefused)
  if (refused !== undefined)
    return failure(say('address-refused'), from, { found: from }, { trouble: 'address-refused' }) // T42
  const code = find(error, (cause) => cause instanceof Error && 'code' in cause && typeof cause.code === 'string')
  const late = find(error, (cause) => cause instanceof Error && cause.name === 'TimeoutError')
  const name = late !== undefined ? 'ETIMEDOUT' : code !== undefined && 'code' in code ? String(code.code) : 'unknown'
  const trouble = meaningOf(name)
  // Who was slow once would be waited for twice.
  const transient = (trouble === 'unreachable' || trouble === 'size-mismatch') && !/TIMEOUT|ETIMEDOUT/.test(name)
  return failure(
    say(trouble),
    from,
    { found: trouble === 'unreachable' ? `${from} (${name})` : from },
    { transient, trouble },
  )
}

function meaningOf(name: string): Trouble {
  if (
    name === 'ERR_SSL_WRONG_VERSION_NUMBER' ||
    name === 'ERR_SSL_HTTP_REQUEST' ||
    name === 'ERR_SSL_PACKET_LENGTH_TOO_LONG'
  )
    return 'insecure-refused' // T47: it spoke plain HTTP
  if (
    /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CRL_|EPROTO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|UND_ERR_PRX_TLS)/.test(
      name,
    )
  )
    return 'tls-failed'
  if (name === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return 'size-mismatch' // T28
  if (name.startsWith('HPE_') || name === 'UND_ERR_HEADERS_OVERFLOW') return 'malformed'
  return 'unreachable'
}

/** The first cause that fits: undici wraps, and `AggregateError` holds one error an address. */
function find(error: unknown, fits: (cause: unknown) => boolean, depth = 0): Error | undefined {
  if (!(error instanceof Error) || depth > 8) return undefined
  if (fits(error)) return error
  const inner: unknown[] = error instanceof AggregateError ? [...error.errors, error.cause] : [error.cause]
  for (const cause of inner) {
    const found = find(cause, fits, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}
