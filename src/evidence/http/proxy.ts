import { BlockList, isIP } from 'node:net'
import { isLoopbackName, unbracket } from './addresses.ts'

export type ProxyEnv = Readonly<Record<string, string | undefined>>

/**
 * The proxy for a URL as the environment says it (T104): both spellings, lower case wins, an empty one counts as absent.
 * As in Go, this machine is never asked through a proxy. undefined = direct.
 */
export function proxyFor(url: URL, env: ProxyEnv): URL | undefined {
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy'
  const text = either(env, name)
  if (text === undefined || isLoopbackName(url.hostname) || excepted(url, either(env, 'no_proxy') ?? ''))
    return undefined
  const proxy = URL.parse(text.includes('://') ? text : `http://${text}`)
  return proxy !== null && /^https?:$/.test(proxy.protocol) ? proxy : undefined
}

const either = (env: ProxyEnv, lower: string): string | undefined =>
  env[lower]?.trim() || env[lower.toUpperCase()]?.trim() || undefined

/** NO_PROXY: `*`, a host and its subdomains (with or without a leading dot), an address, a CIDR; each also with a port. */
function excepted(url: URL, list: string): boolean {
  const hostname = unbracket(url.hostname.toLowerCase().replace(/\.$/, ''))
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => entry === '*' || matches(entry.toLowerCase(), hostname, port))
}

function matches(entry: string, hostname: string, port: string): boolean {
  const [network = '', prefix] = entry.split('/')
  if (prefix !== undefined) return inSubnet(hostname, unbracket(network), Number(prefix))
  const ported = isIP(entry) === 6 ? null : /^(.+):(\d+)$/.exec(entry)
  if (ported !== null && ported[2] !== port) return false
  const host = unbracket(ported?.[1] ?? entry).replace(/^\*?\./, '')
  return hostname === host || (isIP(hostname) === 0 && hostname.endsWith(`.${host}`))
}

function inSubnet(hostname: string, network: string, prefix: number): boolean {
  const family = isIP(network)
  if (
    family === 0 ||
    isIP(hostname) !== family ||
    !Number.isInteger(prefix) ||
    prefix < 0 ||
    prefix > (family === 4 ? 32 : 128)
  )
    return false
  const list = new BlockList()
  list.addSubnet(network, prefix, family === 4 ? 'ipv4' : 'ipv6')
  return list.check(hostname, family === 4 ? 'ipv4' : 'ipv6')
}
