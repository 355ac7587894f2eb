import { once } from 'node:events'
import { createReadStream, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Fault } from '../core/fault.ts'
import { limits } from '../core/limits.ts'
import { readSecurityAssets } from '../evidence/archive/security-assets.ts'
import { hashPool } from '../evidence/given/hash-pool.ts'
import { readingOnce } from '../evidence/given/pieces.ts'
import { loadConfig } from '../examine/config.ts'
import { keeperOf } from '../examine/keeper.ts'
import type { Done, Shopkeeper } from '../examine/shop.ts'
import type { Told } from './batch-job.ts'
import { answerLine, type Line, told } from './batch-line.ts'
import { type LineThreads, lineThreads } from './batch-threads.ts'
import { report } from './cause.ts'
import { readFlags, usage } from './flags.ts'
import { type ExitCode, worstExit } from './problem.ts'
import { PackWriter } from './verify.ts'

export async function run(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, {
    root: { type: 'string' },
    parallel: { type: 'string', short: 'j' },
    'save-pack': { type: 'string' },
  })
  // What is piped in is meant; at a terminal, waiting for input would look like a hang.
  const [file = process.stdin.isTTY ? undefined : '-', second] = positionals
  if (file === undefined || second !== undefined)
    throw usage('Which requests? meshproof verify batch FILE, or - for standard input.')
  const parallel = Number(values.parallel ?? limits.batchParallel)
  if (!Number.isInteger(parallel) || parallel < 1 || parallel > 64) throw usage('-j takes a number from 1 to 64.')
  const pool = hashPool()
  const kept = keeperOf(loadConfig(process.env), process.env, report)
  const keeper = { ...kept, hash: pool.hash, readAssets: readingOnce(readSecurityAssets) }
  const pack = new PackWriter(values['save-pack'])
  // What goes into a pack has to be here; and one at a time means one at a time.
  const threads = values['save-pack'] === undefined && parallel > 1 ? lineThreads(baseOf(file, values.root)) : undefined
  try {
    const options = { file, root: values.root, parallel, pack, ...(threads !== undefined && { threads }) }
    const code = await verifyBatch(options, keeper, process.stdout)
    await pack.close()
    return code
  } finally {
    await Promise.all([keeper.close(), pool.close(), threads?.close()])
  }
}

export type BatchOptions = {
  readonly file: string
  readonly root: string | undefined
  readonly parallel: number
  readonly pack?: PackWriter
  readonly threads?: LineThreads
}

/** Where the paths of the lines begin. */
const baseOf = (file: string, root: string | undefined): string =>
  root ?? (file === '-' ? process.cwd() : dirname(resolve(file)))

/** One request a line in, one answer a line out, in the same order, whatever happens to a single line. */
export async function verifyBatch(
  { file, root, parallel, pack, threads }: BatchOptions,
  keeper: Shopkeeper,
  out: NodeJS.WritableStream,
): Promise<ExitCode> {
  if (file !== '-' && !isThere(file, 'file')) throw new Fault('request.path-not-found', { parameters: { found: file } })
  if (root !== undefined && !isThere(root, 'folder'))
    throw new Fault('request.path-not-found', { parameters: { found: root } })
  const base = baseOf(file, root)
  const input = file === '-' ? process.stdin : createReadStream(file)
  const exits: ExitCode[] = []
  const write = async ({ text, exit, done }: Told & { readonly done?: Done }) => {
    if (done !== undefined) pack?.add(done)
    exits.push(exit)
    if (!out.write(`${text}\n`)) await once(out, 'drain')
  }
  const here = async (line: Line) => {
    const answered = await answerLine(line, base, keeper)
    return { ...told(answered), ...(answered.done !== undefined && { done: answered.done }) }
  }
  // Each answer goes out as soon as it and all before it are there: whoever writes one line may wait for its answer.
  let last: Promise<unknown> = Promise.resolve()
  const open: Promise<unknown>[] = []
  const most = parallel + (threads?.room ?? 0)
  for await (const line of lines(input, limits.requestLineBytes)) {
    const closed = threads !== undefined && asksNobody(line)
    const theirs = closed ? threads.offer(line) : undefined
    const next = theirs === undefined ? here(line) : theirs.then((told) => told ?? here(line))
    last = Promise.all([next, last]).then(([first]) => write(first))
    last.catch(() => {}) // awaited below
    open.push(last)
    // One at a time, and then a turn for what the threads say: a line that asks nobody gives none by itself.
    if (closed && theirs === undefined) {
      await next
      await setImmediate()
    }
    if (open.length >= most) await open.shift()
  }
  await last
  return worstExit(exits)
}

/** Whether a line says so; one that does and says it otherwise is only answered in another place. */
const asksNobody = (line: Line): line is Buffer =>
  line !== 'too-large' && (line.includes('"offline":true') || line.includes('"offline": true'))

function isThere(path: string, as: 'file' | 'folder'): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && found.isDirectory() === (as === 'folder')
}

/** Lines of a stream, never holding more than one line and `limit` bytes of it. */
async function* lines(input: AsyncIterable<unknown>, limit: number): AsyncGenerator<Line> {
  let parts: Buffer[] = []
  let size = 0
  let skipping = false
  const take = (): Buffer | 'too-large' | undefined => {
    const line = skipping ? ('too-large' as const) : Buffer.concat(parts)
    parts = []
    size = 0
    skipping = false
    return line === 'too-large' || line.toString('latin1').trim() !== '' ? line : undefined
  }
  for await (const piece of input) {
    let chunk = Buffer.isBuffer(piece) ? piece : Buffer.from(String(piece))
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a)) {
      if (!skipping && size + end <= limit) parts.push(chunk.subarray(0, end))
      else skipping = true
      const line = take()
      if (line !== undefined) yield line
      chunk = chunk.subarray(end + 1)
    }
    size += chunk.length
    if (size > limit) {
      skipping = true
      parts = []
    } else if (chunk.length > 0) parts.push(chunk)
  }
  const last = take()
  if (last !== undefined) yield last
}
