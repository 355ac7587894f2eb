import type { Dispatcher } from 'undici'
import type { ProxyEnv } from '../http/proxy.ts'
import type { Way } from './tuf.ts'

export type WayOptions = {
  /** The mirror that an operator registered: it may be private. */
  readonly registered: URL | undefined
  readonly proxyEnv: ProxyEnv
  readonly authorities: readonly string[]
  readonly connectMs: number
}

/**
 * The library fetches by Node's `fetch`, which knows no proxy of the environment and no CA of ours (F-065). For as long as
 * the way is open, `fetch` goes as our registries do; nothing else here uses it.
 */
export function openWay({ registered, ...options }: WayOptions): Way {
  let leave = (): Promise<void> => Promise.resolve()
  return {
    async open() {
      const [{ Dispatcher, getGlobalDispatcher, setGlobalDispatcher }, { Dispatchers }] = await Promise.all([
        import('undici'),
        import('../http/dispatchers.ts'),
      ])
      const dispatchers = new Dispatchers(options)
      const before = getGlobalDispatcher()
      class Routed extends Dispatcher {
        override dispatch(call: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
          const url = new URL(String(call.origin))
          return dispatchers
            .for(url, url.host === registered?.host ? 'any' : 'public')
            .dispatcher.dispatch(call, handler)
        }
      }
      setGlobalDispatcher(new Routed())
      leave = async () => {
        setGlobalDispatcher(before)
        await dispatchers.close()
      }
    },
    close: () => leave(),
  }
}
