import { MessageChannel } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { Digest } from '../src/core/digest.ts'
import { Fault } from '../src/core/fault.ts'
import type { Limits } from '../src/core/limits.ts'
import type { Config } from '../src/examine/config.ts'
import type { Instead } from '../src/examine/replay.ts'
import type { Shopkeeper } from '../src/examine/shop.ts'
import { type Load, loadFrom, type Replayer } from '../src/jobs/stored-replay.ts'
import type { Span } from '../src/jobs/tracing.ts'
import type { Database } from '../src/store/database.ts'
import type { Finished } from '../src/store/verdicts.ts'
import type { Task, TaskResult } from './examination.ts'
import { serveKeeper } from './keeper-port.ts'
import type { Loaded, ReplayResult, ReplayTask } from './replay.ts'

export type Threads = {
  readonly examine: (spec: Uint8Array, watch: Watch) => Promise<Finished>
  readonly close: () => Promise<void>
}
export type Watch = {
  readonly answered: () => void
  readonly signal: AbortSignal
  readonly span?: Span
  readonly fresh?: boolean
}

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
  const pool = poolOf<Task, TaskResult>(file ?? new URL('./examination.ts', import.meta.url), limits, keeper.report, {
    minThreads: 1,
    maxThreads: limits.workerParallel,
  })
  return {
    async examine(spec, watch) {
      const { port1: here, port2: there } = new MessageChannel()
      let trouble: unknown
      serveKeeper(keeper, here, {
        answered: watch.answered,
        span: watch.span,
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
        throw trouble ?? meaningOf(error, late)
      } finally {
        here.close()
      }
    },
    close: () => pool.destroy(),
  }
}

type Replays = Replayer & { readonly close: () => Promise<void> }
type ReplayOptions = Pick<Options, 'limits' | 'file'> & {
  readonly database: Database
  readonly report: (error: unknown) => void
}

/** Threads of their own for what is judged again, so that no verification waits for a replay, nor a replay for one. */
export function openReplays({ database, limits, report, file }: ReplayOptions): Replays {
  const pool = poolOf<ReplayTask, ReplayResult>(file ?? new URL('./replay.ts', import.meta.url), limits, report, {
    minThreads: 0,
    maxThreads: limits.replayParallel,
  })
  const load = loadFrom(database)
  const places = turns(limits.replayParallel, limits.replayQueue)
  const run = async (result: Uint8Array, instead?: Instead): Promise<ReplayResult> => {
    const leave = await places()
    const { port1: here, port2: there } = new MessageChannel()
    const late = AbortSignal.timeout(limits.requestMs + limits.judgeMs)
    let trouble: unknown
    const answer = (loaded: Loaded, bytes: ArrayBuffer[] = []) => here.postMessage(loaded, bytes)
    here.on('message', (digests: readonly Digest[]) => {
      load(digests).then(
        (kept) => answer(...withoutPools(kept)),
        (error: unknown) => {
          trouble ??= error
          answer({ trouble: String(error) })
        },
      )
    })
    try {
      const done = await pool.run(
        { result, port: there, ...(instead !== undefined && { instead }) },
        { transferList: [there], signal: late },
      )
      if (trouble !== undefined) throw trouble
      if ('fault' in done) throw new Fault(done.fault.code, done.fault)
      return done
    } catch (error) {
      throw trouble ?? meaningOf(error, late)
    } finally {
      leave()
      here.close()
    }
  }
  return {
    replay: async (result, instead) => {
      const done = await run(result, instead)
      if (!('again' in done)) throw new Error('the thread answered something else')
      return done.again
    },
    check: async (result) => {
      const done = await run(result)
      if (!('checked' in done)) throw new Error('the thread answered something else')
      return done.checked
    },
    close: () => pool.destroy(),
  }
}

/** So many at a time, and so many who wait for their turn: its time begins with it. Whoever finds no place comes back later. */
function turns(width: number, most: number): () => Promise<() => void> {
  let running = 0
  const waiting: (() => void)[] = []
  const leave = () => {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
  return async () => {
    if (running < width) running++
    else if (waiting.length < most) await new Promise<void>((next) => waiting.push(next))
    else throw new Fault('service.busy', { status: 503, retryAfter: '5', parameters: { expected: 'replays' } })
    return leave
  }
}

/** Drivers cut small answers out of larger memory, all of which would go along. */
function withoutPools(kept: Awaited<ReturnType<Load>>): [Loaded, ArrayBuffer[]] {
  const moved: ArrayBuffer[] = []
  const copies = new Map<Digest, Uint8Array | 'altered'>()
  for (const [digest, bytes] of kept) {
    const copy = bytes === 'altered' ? bytes : Uint8Array.from(bytes)
    if (copy !== 'altered') moved.push(copy.buffer)
    copies.set(digest, copy)
  }
  return [{ kept: copies }, moved]
}

function poolOf<T, R>(
  file: URL,
  limits: Limits,
  report: (error: unknown) => void,
  threads: { readonly minThreads: number; readonly maxThreads: number },
): Piscina<T, R> {
  const pool = new Piscina<T, R>({
    filename: file.href,
    ...threads,
    idleTimeout: 30_000,
    // Measured: with V8's own young generation, what survives one collection of it can go past the limit by more than
    // Node's allowance, and then the whole process aborts.
    resourceLimits: { maxOldGenerationSizeMb: limits.threadHeapMiB, maxYoungGenerationSizeMb: 8 },
    recordTiming: false,
  })
  pool.on('error', report)
  return pool
}

function meaningOf(error: unknown, late: AbortSignal): unknown {
  if (late.aborted) return new Fault('limit.time', { status: 500, cause: error })
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new Fault('limit.memory', { status: 500, cause: error })
    : error
}
