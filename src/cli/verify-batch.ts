import { once } from 'node:events'
import { createReadStream, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Fault } from '../core/fault.ts'
import { parseJson } from '../core/json.ts'
import { limits } from '../core/limits.ts'
import { problemOf } from '../core/problem.ts'
import type { Answer } from '../core/request.ts'
import { readSecurityAssets } from '../evidence/archive/security-assets.ts'
import { hashPool } from '../evidence/given/hash-pool.ts'
import { readingOnce } from '../evidence/given/pieces.ts'
import { loadConfig } from '../examine/config.ts'
import { keeperOf } from '../examine/keeper.ts'
import { readRequest } from '../examine/prepare.ts'
import { type Done, examineRequest, type Shopkeeper } from '../examine/shop.ts'
import { report } from './cause.ts'
import { readFlags, usage } from './flags.ts'
import { type ExitCode, exitOf, exitOfFault, worstExit } from './problem.ts'
import { PackWriter } from './verify.ts'
import { hostsOf } from './verify-image.ts'

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
  try {
    const code = await verifyBatch({ file, root: values.root, parallel, pack }, keeper, process.stdout)
    await pack.close()
    return code
  } finally {
    await Promise.all([keeper.close(), pool.close()])
  }
}

export type BatchOptions = {
  readonly file: string
  readonly root: string | undefined
  readonly parallel: number
  readonly pack?: PackWriter
}

/** One request a line in, one answer a line out, in the same order, whatever happens to a single line. */
export async function verifyBatch(
  { file, root, parallel, pack }: BatchOptions,
  keeper: Shopkeeper,
  out: NodeJS.WritableStream,
): Promise<ExitCode> {
  if (file !== '-' && !isThere(file, 'file')) throw new Fault('request.path-not-found', { parameters: { found: file } })
  if (root !== undefined && !isThere(root, 'folder'))
    throw new Fault('request.path-not-found', { parameters: { found: root } })
  const base = root ?? (file === '-' ? process.cwd() : dirname(resolve(file)))
  const input = file === '-' ? process.stdin : createReadStream(file)
  const exits: ExitCode[] = []
  const write = async ({ answer, done }: Awaited<ReturnType<typeof answerLine>>) => {
    if (done !== undefined) pack?.add(done)
    exits.push('problem' in answer ? exitOfFault(answer.problem.code) : exitOf(answer.verdict))
    if (!out.write(`${JSON.stringify(answer)}\n`)) await once(out, 'drain')
  }
  // Each answer goes out as soon as it and all before it are there: whoever writes one line may wait for its answer.
  let last: Promise<unknown> = Promise.resolve()
  const open: Promise<unknown>[] = []
  for await (const line of lines(input, limits.requestLineBytes)) {
    last = Promise.all([answerLine(line, base, keeper), last]).then(([next]) => write(next))
    last.catch(() => {}) // awaited below
    open.push(last)
    if (open.length >= parallel) await open.shift()
  }
  await last
  return worstExit(exits)
}

function isThere(path: string, as: 'file' | 'folder'): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && found.isDirectory() === (as === 'folder')
}

async function answerLine(
  line: Buffer | 'too-large',
  root: string,
  keeper: Shopkeeper,
): Promise<{ readonly answer: Answer; readonly done?: Done }> {
  let id: string | undefined
  try {
    if (line === 'too-large')
      throw new Fault('request.too-large', { status: 413, parameters: { expected: String(limits.requestLineBytes) } })
    const parsed = parseJson(line, limits.jsonDepth)
    if ('problem' in parsed) throw new Fault('request.malformed', { parameters: { found: parsed.problem } })
    if (parsed.duplicateKey !== undefined)
      throw new Fault('request.malformed', { parameters: { found: `${parsed.duplicateKey} stands twice` } })
    id = idOf(parsed.value)
    const request = readRequest(parsed.value)
    const typed = 'image' in request.subject ? hostsOf([request.subject.image, request.signatureRepository]) : []
    const done = await examineRequest(request, { root, confined: true }, keeper, typed)
    return { answer: done.examined.answer, done }
  } catch (error) {
    if (!(error instanceof Fault)) keeper.report(error)
    const problem = problemOf(error)
    return { answer: { schema: 'urn:meshproof:answer:v1', ...(id !== undefined && { id }), problem } }
  }
}

const idOf = (value: unknown): string | undefined =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  value.id.length <= 1024
    ? value.id
    : undefined

/** Lines of a stream, never holding more than one line and `limit` bytes of it. */
async function* lines(input: AsyncIterable<unknown>, limit: number): AsyncGenerator<Buffer | 'too-large'> {
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
