import { BlockList, isIP } from 'node:net'

/**
 * Which addresses are public. IPv4: all but the special-purpose blocks of IANA. IPv6: global unicast only, so that
 * loopback, link-local, unique local, multicast, v4-mapped and NAT64 (`64:ff9b::/96`, which `BlockList` does not see
 * through) are out by default.
 */
const specialV4 = blocks('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
])
const globalV6 = blocks('ipv6', ['2000::/3'])
/** Teredo and protocol assignments, documentation, 6to4 (carries any IPv4 address). */
const specialV6 = blocks('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'])
const loopback = blocks('ipv4', ['127.0.0.0/8'])

function blocks(family: 'ipv4' | 'ipv6', subnets: readonly string[]): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [network = '', prefix] = subnet.split('/')
    list.addSubnet(network, Number(prefix), family)
  }
  return list
}

/** False for anything that is no plain address: a scope (`fe80::1%eth0`) is never public. */
export function isPublicAddress(address: string): boolean {
  if (address.includes('%')) return false
  switch (isIP(address)) {
    case 4:
      return !specialV4.check(address, 'ipv4')
    case 6:
      return globalV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6')
    default:
      return false
  }
}

export const isLoopbackAddress = (address: string): boolean =>
  isIP(address) === 4 ? loopback.check(address, 'ipv4') : address === '::1'

/** Names that mean this machine (RFC 6761): `localhost`, `x.localhost`, 127.0.0.0/8, `[::1]`; as in a URL's hostname. */
export function isLoopbackName(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '')
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(unbracket(name))
}

export const unbracket = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')
