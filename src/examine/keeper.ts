import { join } from 'node:path'
import { boundedStore } from '../core/bounded-store.ts'
import { type Limits, limits } from '../core/limits.ts'
import type { Lookups } from '../core/lookups.ts'
import type { EvidenceStore } from '../core/observation.ts'
import { partsOf } from '../core/reference.ts'
import type { Waits } from '../core/waits.ts'
import type { RegistryAnswerer } from '../evidence/registry/answerer.ts'
import type { LogAnswerer } from '../evidence/rekor/answerer.ts'
import { memoryStore } from '../evidence/store/memory.ts'
import { publicGoodRoot, refreshPublicGood } from '../evidence/trust/public-good.ts'
import type { Way } from '../evidence/trust/tuf.ts'
import { type Config, canonicalName } from './config.ts'
import type { ExaminedTrust } from './examination.ts'
import type { Shopkeeper } from './shop.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Where what was fetched is kept: the folder of the command line, the database of the service. */
export type Kept = {
  readonly store: EvidenceStore
  readonly lookups: Lookups
  /** Which registries may be asked at all; the service has a list, since references there come from strangers (T42). */
  readonly allows?: (host: string) => boolean
  /** Likewise for files of releases. */
  readonly allowsRelease?: (host: string) => boolean
  readonly waits?: Waits
  readonly now?: () => number
  /** Told of each exchange with a registry or the log. */
  readonly exchanged?: (whom: 'registry' | 'log', status: number | undefined) => void
  readonly limits?: Limits
}

/** The shopkeeper of one run: opens the cache and the network only when something asks for them. */
export function keeperOf(
  config: Config,
  env: Env,
  report: (error: unknown) => void,
  kept?: Kept,
): Shopkeeper & { close(): Promise<void> } {
  const hosts = new Set<string>()
  let network: ReturnType<typeof openNetwork> | undefined
  const open = () => {
    network ??= openNetwork(config, env, hosts, report, kept)
    return network
  }
  let opened: ReturnType<typeof openFiles> | undefined
  const files = () => {
    opened ??= openFiles(config, env, now, kept)
    return opened
  }
  const roots = new Map<boolean, { readonly root: Promise<ExaminedTrust | undefined>; readonly since: number }>()
  const lost = new Set<string>()
  const now = kept?.now ?? (() => Date.now())
  const folder = config.cachePath
  return {
    now,
    report,
    lost,
    canonicalName: canonicalName(config.mirrors),
    store: () => kept?.store ?? memoryStore(),
    publicGood: (offline) => {
      const known = roots.get(offline)
      // A service outlives a root; the folder beneath knows whether another one is due.
      if (known !== undefined && performance.now() - known.since < limits.trustRememberMs) return known.root
      const root = publicGoodRoot({
        folder: folder === undefined ? undefined : join(folder, 'trust'),
        offline,
        now,
        way: () => wayToTrust(config, env),
        report,
        ...(config.trustMirror !== undefined && { mirror: config.trustMirror }),
      })
      roots.set(offline, { root, since: performance.now() })
      return root
    },
    network: async (typed) => {
      for (const host of typed) hosts.add(host.toLowerCase())
      const { store, log, registry } = await open()
      return { store, log: log.tryAnswer, registry: allowedOnly(registry, kept?.allows, now) }
    },
    downloads: {
      measure: async (url) => (await files()).measure(url),
      save: async (url, limit) => (await files()).save(url, limit),
    },
    recalled: async () => {
      const { store, log } = await open()
      return { store, log: log.recall }
    },
    close: async () => {
      await Promise.all([(await network)?.close(), (await opened)?.close()])
    },
  }
}

/** How the service asks TUF: it keeps for itself what a client must remember. */
export const rootRefresher =
  (config: Config, env: Env, root?: Uint8Array) => async (metadata: Uint8Array | undefined, signal: AbortSignal) => {
    const options = {
      way: () => wayToTrust(config, env),
      ...(config.trustMirror !== undefined && { mirror: config.trustMirror }),
      ...(root !== undefined && { root }),
    }
    return refreshPublicGood(options, metadata, signal)
  }

/** Whatever led to a registry (a policy, a place of signatures), one that is not on the list is not asked. */
const allowedOnly =
  (registry: RegistryAnswerer['answer'], allows: Kept['allows'], now: () => number): RegistryAnswerer['answer'] =>
  async (question, signal, fresh) => {
    const host = 'image' in question ? partsOf(question.image).host : undefined
    return allows === undefined || host === undefined || allows(host)
      ? registry(question, signal, fresh)
      : {
          question,
          outcome: { failed: 'registry.not-allowed' },
          beside: { from: 'meshproof', at: now(), detail: { found: host } },
        }
  }

async function wayToTrust(config: Config, env: Env): Promise<Way> {
  const [{ openWay }, { authorities, proxyEnv }] = await Promise.all([
    import('../evidence/trust/way.ts'),
    environmentOf(config, env),
  ])
  const registered = config.trustMirror === undefined ? undefined : new URL(config.trustMirror)
  return openWay({ registered, proxyEnv, authorities, connectMs: limits.connectMs })
}

async function openFiles(config: Config, env: Env, now: () => number, kept: Kept | undefined) {
  const [{ openDownloads }, { authorities, proxyEnv }] = await Promise.all([
    import('../evidence/release/downloads.ts'),
    environmentOf(config, env),
  ])
  return openDownloads({
    allows: kept?.allowsRelease,
    insecure: config.insecure,
    authorities,
    proxyEnv: proxyEnv ?? {},
    limits: kept?.limits ?? limits,
    now,
  })
}

async function environmentOf(config: Config, env: Env) {
  const { registryEnvironment } = await import('../evidence/registry/environment.ts')
  return registryEnvironment({ ...env, ...(config.ca !== undefined && { MESHPROOF_REGISTRY_CA: config.ca }) })
}

type Network = {
  readonly store: EvidenceStore
  readonly log: LogAnswerer
  readonly registry: RegistryAnswerer['answer']
  readonly close: () => Promise<void>
}

/** The cache, and what reaches out: undici is loaded by the first question to a registry or a log, so that others do not pay. */
async function openNetwork(
  config: Config,
  env: Env,
  typed: ReadonlySet<string>,
  report: (error: unknown) => void,
  kept: Kept | undefined,
): Promise<Network> {
  const [{ store, lookups, waits, now, exchanged }, { logAnswerer }] = await Promise.all([
    kept ?? openFolder(config),
    import('../evidence/rekor/answerer.ts'),
  ])
  const shared = {
    store,
    limits: kept?.limits ?? limits,
    onFault: report,
    ...(lookups !== undefined && { lookups }),
    ...(waits !== undefined && { waits }),
    ...(now !== undefined && { now }),
  }
  const log = logAnswerer({
    ...shared,
    route: () => environmentOf(config, env),
    url: new URL(config.log.url),
    registered: config.log.registered,
    exchanged: (status) => exchanged?.('log', status),
  })
  let registry: Promise<RegistryAnswerer> | undefined
  const openRegistry = async () => {
    const [{ registryAnswerer }, environment] = await Promise.all([
      import('../evidence/registry/answerer.ts'),
      environmentOf(config, env),
    ])
    return registryAnswerer({
      ...environment,
      ...shared,
      insecure: config.insecure,
      typed,
      exchanged: (status) => exchanged?.('registry', status),
    })
  }
  return {
    store,
    log,
    registry: async (question, signal, fresh) => {
      registry ??= openRegistry()
      return (await registry).answer(question, signal, fresh)
    },
    close: async () => {
      await Promise.all([log.close(), (await registry)?.close()])
    },
  }
}

async function openFolder(config: Config): Promise<Pick<Kept, 'store'> & Partial<Kept>> {
  const memory = boundedStore(limits.runBytes)
  if (config.cachePath === undefined) return { store: memory }
  const [{ openCache }, { layered }] = await Promise.all([
    import('../evidence/cache.ts'),
    import('../evidence/store/layered.ts'),
  ])
  const { store, lookups } = openCache(config.cachePath, { ...limits, cacheBytes: config.cacheBytes })
  return { store: layered(memory, store), lookups }
}
