import { MessageChannel } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { Fault } from '../src/core/fault.ts'
import type { Limits } from '../src/core/limits.ts'
import type { Config } from '../src/examine/config.ts'
import type { Shopkeeper } from '../src/examine/shop.ts'
import type { Finished } from '../src/store/verdicts.ts'
import type { Task, TaskResult } from './examination.ts'
import { serveKeeper } from './keeper-port.ts'

export type Threads = {
  readonly examine: (spec: Uint8Array, watch: Watch) => Promise<Finished>
  readonly close: () => Promise<void>
}
export type Watch = { readonly answered: () => void; readonly signal: AbortSignal; readonly fresh?: boolean }

type Options = {
  readonly keeper: Shopkeeper
  readonly config: Pick<Config, 'mirrors'>
  readonly limits: Limits
  /** What the threads run; another one only in tests. */
  readonly file?: URL
}

/**
 * Threads in which requests are examined, each with a limit of its heap and a deadline. A thread that meets either ends,
 * with the one request that it had; the others go on.
 */
export function openThreads({ keeper, config, limits, file }: Options): Threads {
  const pool = new Piscina<Task, TaskResult>({
    filename: (file ?? new URL('./examination.ts', import.meta.url)).href,
    minThreads: 1,
    maxThreads: limits.workerParallel,
    idleTimeout: 30_000,
    // Measured: with V8's own young generation, what survives one collection of it can go past the limit by more than
    // Node's allowance, and then the whole process aborts.
    resourceLimits: { maxOldGenerationSizeMb: limits.threadHeapMiB, maxYoungGenerationSizeMb: 8 },
    recordTiming: false,
  })
  pool.on('error', keeper.report)
  return {
    async examine(spec, watch) {
      const { port1: here, port2: there } = new MessageChannel()
      let trouble: unknown
      serveKeeper(keeper, here, {
        answered: watch.answered,
        fresh: watch.fresh === true,
        failed: (error) => {
          trouble ??= error
        },
      })
      const late = AbortSignal.timeout(limits.requestMs + limits.judgeMs)
      const given = { now: keeper.now(), mirrors: config.mirrors, lost: [...(keeper.lost ?? [])] }
      try {
        const result = await pool.run(
          { spec, port: there, given },
          { transferList: [there], signal: AbortSignal.any([late, watch.signal]) },
        )
        if (trouble !== undefined) throw trouble
        if ('finished' in result) return result.finished
        throw new Fault(result.fault.code, result.fault)
      } catch (error) {
        throw trouble ?? (late.aborted ? new Fault('limit.time', { status: 500, cause: error }) : meaningOf(error))
      } finally {
        here.close()
      }
    },
    close: () => pool.destroy(),
  }
}

const meaningOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new Fault('limit.memory', { status: 500, cause: error })
    : error
