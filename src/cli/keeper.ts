import { join } from 'node:path'
import { limits } from '../core/limits.ts'
import type { EvidenceStore } from '../core/observation.ts'
import type { RegistryAnswerer } from '../evidence/registry/answerer.ts'
import type { LogAnswerer } from '../evidence/rekor/answerer.ts'
import { boundedStore } from '../evidence/store/bounded.ts'
import { memoryStore } from '../evidence/store/memory.ts'
import { publicGoodRoot } from '../evidence/trust/public-good.ts'
import type { Way } from '../evidence/trust/tuf.ts'
import type { ExaminedTrust } from '../examine/examination.ts'
import { type Config, canonicalName } from './config.ts'
import type { Shopkeeper } from './shop.ts'

type Env = Readonly<Record<string, string | undefined>>

/** The shopkeeper of one run: opens the cache and the network only when something asks for them. */
export function keeperOf(
  config: Config,
  env: Env,
  report: (error: unknown) => void,
): Shopkeeper & { close(): Promise<void> } {
  const hosts = new Set<string>()
  let network: ReturnType<typeof openNetwork> | undefined
  const open = () => {
    network ??= openNetwork(config, env, hosts, report)
    return network
  }
  const roots = new Map<boolean, Promise<ExaminedTrust | undefined>>()
  const lost = new Set<string>()
  const now = () => Date.now()
  const folder = config.cachePath
  return {
    now,
    report,
    lost,
    canonicalName: canonicalName(config.mirrors),
    store: memoryStore,
    publicGood: (offline) => {
      const known = roots.get(offline)
      if (known !== undefined) return known
      const root = publicGoodRoot({
        folder: folder === undefined ? undefined : join(folder, 'trust'),
        offline,
        now,
        way: () => wayToTrust(config, env),
        report,
        ...(config.trustMirror !== undefined && { mirror: config.trustMirror }),
      })
      roots.set(offline, root)
      return root
    },
    network: async (typed) => {
      for (const host of typed) hosts.add(host.toLowerCase())
      const { store, log, registry } = await open()
      return { store, log: log.tryAnswer, registry }
    },
    recalled: async () => {
      const { store, log } = await open()
      return { store, log: log.recall }
    },
    close: async () => {
      await (await network)?.close()
    },
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
): Promise<Network> {
  const [{ openCache }, { layered }, { logAnswerer }] = await Promise.all([
    import('../evidence/cache.ts'),
    import('../evidence/store/layered.ts'),
    import('../evidence/rekor/answerer.ts'),
  ])
  const cache =
    config.cachePath === undefined
      ? undefined
      : openCache(config.cachePath, { ...limits, cacheBytes: config.cacheBytes })
  const memory = boundedStore(limits.runBytes)
  const store = cache === undefined ? memory : layered(memory, cache.store)
  const shared = { store, limits, onFault: report, ...(cache !== undefined && { lookups: cache.lookups }) }
  const log = logAnswerer({
    ...shared,
    route: () => environmentOf(config, env),
    url: new URL(config.log.url),
    registered: config.log.registered,
  })
  let registry: Promise<RegistryAnswerer> | undefined
  const openRegistry = async () => {
    const [{ registryAnswerer }, environment] = await Promise.all([
      import('../evidence/registry/answerer.ts'),
      environmentOf(config, env),
    ])
    return registryAnswerer({ ...environment, ...shared, insecure: config.insecure, typed })
  }
  return {
    store,
    log,
    registry: async (question, signal) => {
      registry ??= openRegistry()
      return (await registry).answer(question, signal)
    },
    close: async () => {
      await Promise.all([log.close(), (await registry)?.close()])
    },
  }
}
