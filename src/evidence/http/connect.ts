import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import { isIP } from 'node:net'
import type { SecureContext } from 'node:tls'
import { buildConnector } from 'undici'
import { isLoopbackAddress, isLoopbackName, isPublicAddress, unbracket } from './addresses.ts'
import type { Reach } from './host-rules.ts'

export type Lookup = (
  hostname: string,
  options: LookupOptions & { all: true },
  done: (error: Error | null, found: LookupAddress[]) => void,
) => void

/** T42: the address was not public and nobody had allowed the host. */
export class AddressRefused extends Error {
  readonly code = 'MESHPROOF_ADDRESS_REFUSED'
}

const reaches: Readonly<Record<Reach, (address: string) => boolean>> = {
  public: isPublicAddress,
  loopback: isLoopbackAddress,
  any: () => true,
}

export const mayReach = (reach: Reach, address: string): boolean => reaches[reach](address)

/**
 * A connector that refuses addresses at the moment of connecting, so that the address checked is the one dialled and a
 * name that answers differently the second time gains nothing (T43). Literals never pass through `lookup`: they are
 * checked before.
 */
export function guardedConnector(options: {
  readonly reach: Reach
  readonly connectMs: number
  readonly lookup?: Lookup | undefined
  readonly secureContext?: SecureContext | undefined
}): buildConnector.connector {
  const { reach, connectMs, lookup = systemLookup as Lookup, secureContext } = options
  const connect = buildConnector({
    timeout: connectMs,
    allowH2: false, // one bounded parser of headers is enough
    lookup: guardedLookup(reach, lookup),
    ...(secureContext !== undefined && { secureContext }),
  })
  return (target, done) => {
    const literal = unbracket(target.hostname)
    const refused = isIP(literal) === 0 ? reach === 'public' && isLoopbackName(literal) : !mayReach(reach, literal)
    if (refused) return done(new AddressRefused(literal), null) // T42
    connect(target, done)
  }
}

type LookupDone = (error: Error | null, address: string | LookupAddress[], family?: number) => void

function guardedLookup(reach: Reach, lookup: Lookup) {
  return (hostname: string, options: LookupOptions, done: LookupDone): void => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, '')
      const [first] = found
      const refused = found.find(({ address }) => !mayReach(reach, address)) // T43: one bad address spoils the name
      if (refused !== undefined || first === undefined)
        return done(new AddressRefused(refused?.address ?? hostname), '')
      if (options.all === true) done(null, found)
      else done(null, first.address, first.family)
    })
  }
}
