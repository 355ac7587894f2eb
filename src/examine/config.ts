import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { Fault } from '../core/fault.ts'
import { limits } from '../core/limits.ts'
import { type Name, parseName } from '../core/reference.ts'
import { cachePath } from '../evidence/cache.ts'
import { registriesOfProfiles } from '../policy/profiles/table.ts'

/**
 * Configuration of the installation: defaults < file < environment < flags; each value knows where it came from. Nothing in
 * here lowers a demand (T72): where to look and what to reach, never what to ask.
 */
const schema = z.strictObject({
  cache: z.strictObject({ path: z.string().optional(), bytes: z.number().int().min(0).optional() }).optional(),
  registry: z
    .strictObject({
      insecure: z.array(z.string()).optional(),
      ca: z.string().optional(),
      /** host[:port] that the service asks for whoever calls it; the command line asks what a person types. */
      allowed: z.array(z.string()).optional(),
    })
    .optional(),
  /** Where the service is reached, such as https://meshproof.example: behind a proxy it cannot tell. */
  server: z
    .strictObject({
      origin: z.string().optional(),
      /** Addresses and networks whose X-Forwarded-For is believed; nobody else's is. */
      proxies: z.array(z.string()).optional(),
    })
    .optional(),
  /** Where `meshproof worker`, which serves nothing else, tells how it is; no port, no listener. */
  operations: z
    .strictObject({ listen: z.string().optional(), port: z.number().int().min(0).max(65_535).optional() })
    .optional(),
  /** Name of a mirror → name of its origin: what is pulled there is known by this name. */
  mirrors: z.record(z.string(), z.string()).optional(),
  /** Hosts that the service downloads files of releases from, redirects too. */
  release: z.strictObject({ allowed: z.array(z.string()).optional() }).optional(),
  signatures: z.strictObject({ repository: z.string().optional() }).optional(),
  trust: z
    .strictObject({
      mirror: z.string().optional(),
      /** Whether the service asks TUF by itself; where there is no network, each try would only be a warning. */
      refresh: z.boolean().optional(),
    })
    .optional(),
  /** A Rekor v1 log, asked for entries of signatures that bring none. */
  log: z.strictObject({ url: z.string().optional() }).optional(),
  service: z
    .strictObject({
      listen: z.string().optional(),
      port: z.number().int().min(0).max(65_535).optional(),
      data: z.string().optional(),
    })
    .optional(),
})
type Parsed = z.output<typeof schema>

export type Setting = { readonly key: string; readonly value: unknown; readonly from: string; readonly env: string }
export type Config = {
  readonly settings: readonly Setting[]
  readonly cachePath: string | undefined
  readonly cacheBytes: number
  readonly insecure: readonly string[]
  readonly ca: string | undefined
  readonly allowed: readonly string[]
  readonly releases: readonly string[]
  readonly origin: string | undefined
  readonly proxies: readonly string[]
  readonly operations: { readonly listen: string; readonly port: number | undefined }
  /** Where traces go, by the variables that all of OpenTelemetry reads; undefined: nowhere. */
  readonly traces: string | undefined
  readonly mirrors: readonly (readonly [Name, Name])[]
  readonly signatureRepository: string | undefined
  readonly trustMirror: string | undefined
  readonly trustRefresh: boolean
  readonly log: { readonly url: string; readonly registered: boolean }
  readonly service: ServiceConfig
}

export type ServiceConfig = {
  readonly listen: string
  readonly port: number
  /** Of the embedded service, which needs no database of anybody's. */
  readonly data: string
  readonly databaseUrl: string | undefined
  readonly redisUrl: string | undefined
}

type Env = Readonly<Record<string, string | undefined>>

export function loadConfig(env: Env): Config {
  const file = fileOf(env)
  const parsed = file === undefined ? {} : readFile(file)
  const settings: Setting[] = []
  const pick = <T, F>(
    key: string,
    variable: string,
    fallback: F,
    inFile: T | undefined,
    inEnv: T | undefined,
  ): T | F => {
    const from = inEnv !== undefined ? `environment ${variable}` : inFile !== undefined ? (file ?? 'file') : 'default'
    const value = inEnv ?? inFile ?? fallback
    settings.push({ key, value, from, env: variable })
    return value
  }
  /** An empty variable says nothing, as everywhere; that of the cache says that there shall be none. */
  const text = (variable: string) => env[variable] || undefined
  /** Never in a file of settings: in the environment, or in a file of its own that the environment names. */
  const secret = (key: string, variable: string): string | undefined => {
    const named = text(`${variable}_FILE`)
    const value = text(variable) ?? (named === undefined ? undefined : secretIn(`${variable}_FILE`, named))
    const from = text(variable) !== undefined ? variable : `${variable}_FILE`
    settings.push({
      key,
      value: value && withoutPassword(value),
      from: value === undefined ? 'default' : `environment ${from}`,
      env: variable,
    })
    return value
  }
  const tracesOf = (): string | undefined => {
    const own = text('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')
    const env = own === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'
    const isOff = /^true$/i.test(text('OTEL_SDK_DISABLED') ?? '') || text('OTEL_TRACES_EXPORTER') === 'none'
    const value = isOff ? undefined : addressOf(env, own ?? text('OTEL_EXPORTER_OTLP_ENDPOINT'))
    const from = value === undefined ? 'default' : `environment ${env}`
    settings.push({ key: 'traces.endpoint', value: value && withoutPassword(value), from, env })
    return value
  }
  const { cache, registry, release, server, operations, mirrors, signatures, trust, log, service } = parsed
  const inHome = cachePath({ ...env, MESHPROOF_CACHE_PATH: undefined })
  const path = pick('cache.path', 'MESHPROOF_CACHE_PATH', inHome, cache?.path, env['MESHPROOF_CACHE_PATH'])
  const bytes = numberOf('MESHPROOF_CACHE_BYTES', text('MESHPROOF_CACHE_BYTES'))
  const insecure = listOf(text('MESHPROOF_REGISTRY_INSECURE'))
  const allowed = listOf(text('MESHPROOF_REGISTRY_ALLOWED'))
  return {
    cachePath: path === '' ? undefined : path,
    cacheBytes: pick('cache.bytes', 'MESHPROOF_CACHE_BYTES', limits.cacheBytes, cache?.bytes, bytes),
    insecure: pick('registry.insecure', 'MESHPROOF_REGISTRY_INSECURE', [], registry?.insecure, insecure),
    ca: pick('registry.ca', 'MESHPROOF_REGISTRY_CA', undefined, registry?.ca, text('MESHPROOF_REGISTRY_CA')),
    allowed: pick(
      'registry.allowed',
      'MESHPROOF_REGISTRY_ALLOWED',
      registriesOfProfiles(),
      registry?.allowed,
      allowed,
    ).map(registryOf),
    releases: pick(
      'release.allowed',
      'MESHPROOF_RELEASE_ALLOWED',
      releaseHosts,
      release?.allowed,
      listOf(text('MESHPROOF_RELEASE_ALLOWED')),
    ).map((host) => host.toLowerCase()),
    origin: originOf(
      pick('server.origin', 'MESHPROOF_SERVER_ORIGIN', undefined, server?.origin, text('MESHPROOF_SERVER_ORIGIN')),
    ),
    proxies: pick(
      'server.proxies',
      'MESHPROOF_SERVER_PROXIES',
      [],
      server?.proxies,
      listOf(text('MESHPROOF_SERVER_PROXIES')),
    ).map(networkOf),
    operations: {
      listen: pick(
        'operations.listen',
        'MESHPROOF_OPERATIONS_LISTEN',
        '127.0.0.1',
        operations?.listen,
        text('MESHPROOF_OPERATIONS_LISTEN'),
      ),
      port: pick(
        'operations.port',
        'MESHPROOF_OPERATIONS_PORT',
        undefined,
        operations?.port,
        portOf('MESHPROOF_OPERATIONS_PORT', text('MESHPROOF_OPERATIONS_PORT')),
      ),
    },
    traces: tracesOf(),
    mirrors: mirrorsOf(pick('mirrors', 'MESHPROOF_MIRRORS', {}, mirrors, pairs(text('MESHPROOF_MIRRORS')))),
    signatureRepository: pick(
      'signatures.repository',
      'COSIGN_REPOSITORY',
      undefined,
      signatures?.repository,
      text('COSIGN_REPOSITORY'),
    ),
    trustMirror: addressOf(
      'trust.mirror',
      pick('trust.mirror', 'MESHPROOF_TRUST_MIRROR', undefined, trust?.mirror, text('MESHPROOF_TRUST_MIRROR')),
    ),
    trustRefresh: pick(
      'trust.refresh',
      'MESHPROOF_TRUST_REFRESH',
      true,
      trust?.refresh,
      booleanOf('MESHPROOF_TRUST_REFRESH', text('MESHPROOF_TRUST_REFRESH')),
    ),
    log: logOf(pick('log.url', 'MESHPROOF_LOG_URL', publicLog, log?.url, text('MESHPROOF_LOG_URL'))),
    service: {
      listen: pick('service.listen', 'MESHPROOF_LISTEN', '127.0.0.1', service?.listen, text('MESHPROOF_LISTEN')),
      port: pick(
        'service.port',
        'MESHPROOF_PORT',
        8080,
        service?.port,
        portOf('MESHPROOF_PORT', text('MESHPROOF_PORT')),
      ),
      data: pick('service.data', 'MESHPROOF_DATA', stateFolder(env), service?.data, text('MESHPROOF_DATA')),
      databaseUrl: secret('service.database', 'DATABASE_URL'),
      redisUrl: secret('service.redis', 'REDIS_URL'),
    },
    settings,
  }
}

const malformed = (found: string, cause?: unknown) => new Fault('config.malformed', { parameters: { found }, cause })

function fileOf(env: Env): string | undefined {
  const named = env['MESHPROOF_CONFIG']
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) throw malformed(`MESHPROOF_CONFIG names ${named}, which is not there`)
    return named
  }
  const base = [env['XDG_CONFIG_HOME'], env['HOME'] && join(env['HOME'], '.config')].find(
    (path) => path && isAbsolute(path),
  )
  const usual = base ? join(base, 'meshproof', 'config.yaml') : undefined
  return usual !== undefined && existsSync(usual) ? usual : undefined
}

function readFile(file: string): Parsed {
  // Only people with a file pay for the YAML reader.
  const { parse } = process.getBuiltinModule('node:module').createRequire(import.meta.url)(
    'yaml',
  ) as typeof import('yaml')
  let value: unknown
  try {
    value = parse(readFileSync(file, 'utf8')) ?? {}
  } catch (cause) {
    throw malformed(`${file}: ${cause instanceof Error ? cause.message.split('\n')[0] : 'no YAML'}`, cause)
  }
  const checked = schema.safeParse(value)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  throw malformed(`${file}: ${issue?.path.map(String).join('.') || 'document'}: ${issue?.message ?? ''}`)
}

const listOf = (text: string | undefined): readonly string[] | undefined =>
  text?.split(/[\s,]+/).filter((entry) => entry !== '')

/** Where Kong and GitHub keep files of releases, and where they redirect to. */
const releaseHosts = [
  'github.com',
  'objects.githubusercontent.com',
  'release-assets.githubusercontent.com',
  'packages.konghq.com',
  'dl.cloudsmith.io',
]

/** The public-good instance of Rekor v1. */
const publicLog = 'https://rekor.sigstore.dev'

/** One that the installation names may be private; the public one is only ever reached at a public address. */
const logOf = (url: string): Config['log'] => ({ url: addressOf('log.url', url) ?? url, registered: url !== publicLog })

function addressOf(key: string, text: string | undefined): string | undefined {
  if (text === undefined || /^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text
  throw malformed(`${key}: ${text} is no address`)
}

/** An address, or a network as `10.0.0.0/8`: never all of a family, since then anybody would be believed. */
function networkOf(text: string): string {
  const [address = '', prefix, ...more] = text.split('/')
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0
  const isPrefix = prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= bits)
  if (bits === 0 || address.includes('%') || !isPrefix || more.length > 0)
    throw malformed(`server.proxies: ${text} is neither an address nor a network such as 10.0.0.0/8`)
  return text
}

function originOf(text: string | undefined): string | undefined {
  if (text === undefined || URL.parse(text)?.origin === text) return text
  throw malformed(`server.origin: ${text} is no origin such as https://meshproof.example`)
}

/** A registry as references name it: `index.docker.io` is docker.io. */
function registryOf(text: string): string {
  const name = parseName(`${text}/x/y`)
  if (name === undefined || text.includes('/')) throw malformed(`registry.allowed: ${text} is no host[:port]`)
  return name.slice(0, name.indexOf('/'))
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,15}$/.test(text)) throw malformed(`${name} is no whole number`)
  return Number(text)
}

function booleanOf(name: string, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined
  if (text !== 'true' && text !== 'false') throw malformed(`${name}: ${text} is neither true nor false`)
  return text === 'true'
}

function portOf(name: string, text: string | undefined): number | undefined {
  const port = numberOf(name, text)
  if (port !== undefined && port > 65_535) throw malformed(`${name}: ${port} is no port`)
  return port
}

function secretIn(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw malformed(`${variable} names ${file}, which cannot be read`, cause)
  }
}

/** As it may be shown: what is no address is not shown at all. */
function withoutPassword(text: string): string {
  const url = URL.parse(text)
  if (url === null) return '***'
  if (url.password !== '') url.password = '***'
  for (const name of [...url.searchParams.keys()]) if (/pass|secret|key/i.test(name)) url.searchParams.set(name, '***')
  return url.href
}

function stateFolder(env: Env): string {
  const base = [env['XDG_STATE_HOME'], env['HOME'] && join(env['HOME'], '.local/state')].find(
    (path) => path && isAbsolute(path),
  )
  return join(base || '.', 'meshproof')
}

function pairs(text: string | undefined): Readonly<Record<string, string>> | undefined {
  if (text === undefined) return undefined
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw malformed(`MESHPROOF_MIRRORS: ${pair} is not mirror=origin`)
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
    }),
  )
}

function mirrorsOf(record: Readonly<Record<string, string>>): readonly (readonly [Name, Name])[] {
  return Object.entries(record).map(([mirror, origin]) => [prefixOf(mirror), prefixOf(origin)] as const)
}

/** A prefix may be a host alone (`registry.example`), or a host with a path. */
function prefixOf(text: string): Name {
  const bare = /^[^/]+$/.test(text) && /[.:]|^localhost$/.test(text)
  const name = bare ? parseName(`${text}/x/y`)?.replace(/\/x\/y$/, '') : parseName(text)
  if (name === undefined) throw malformed(`mirrors: ${text} is no name`)
  return name as Name
}

/** The name by which an image is known to policies and signatures: the origin's, where it was pulled from a mirror. */
export const canonicalName =
  (mirrors: Config['mirrors']) =>
  (name: Name): Name => {
    const found = mirrors
      .filter(([mirror]) => name === mirror || name.startsWith(`${mirror}/`))
      .sort(([a], [b]) => b.length - a.length)[0]
    return found === undefined ? name : (`${found[1]}${name.slice(found[0].length)}` as Name)
  }
